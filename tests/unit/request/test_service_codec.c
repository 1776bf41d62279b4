/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/service_codec.h"

#include <errno.h>

#include "tests/unit/request/codec_fixture.h"

static void test_table(void)
{
	uint32_t count = 0;

	for (const struct service_codec *const *c = service_codec_all(); *c != NULL; c++) {
		CU_ASSERT_PTR_EQUAL(service_codec_find((*c)->name), *c);
		count++;
	}
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT_PTR_EQUAL(service_codec_find("coap"), &service_codec_coap);
	CU_ASSERT_PTR_EQUAL(service_codec_find("text"), &service_codec_text);
	CU_ASSERT_PTR_EQUAL(service_codec_find("moldudp64"), &service_codec_mold);
	CU_ASSERT_PTR_NULL(service_codec_find("coa"));
	CU_ASSERT_PTR_NULL(service_codec_find(""));
}

static void test_options(void)
{
	static uint8_t state[64];
	struct service_codec_options good;

	service_codec_defaults(&good);
	CU_ASSERT_TRUE(service_codec_options_check(&good));
	for (uint32_t i = 0; i < 8; i++) {
		struct service_codec_options o = good;

		o.nodes = i == 0 ? 0 : i == 1 ? SERVICE_NODES_MAX + 1 : o.nodes;
		o.source_ports = i == 2   ? 0
		                 : i == 3 ? SERVICE_SOURCE_PORTS_MAX + 1
		                          : o.source_ports;
		o.attempts_max = i == 4 ? 0 : i == 5 ? OPERATION_SLOTS_MAX + 1 : o.attempts_max;
		o.coap.max_latency_ns = i == 6 ? 0 : o.coap.max_latency_ns;
		o.coap.content_format = i == 7 ? 65536 : o.coap.content_format;
		CU_ASSERT_FALSE(service_codec_options_check(&o));
		for (const struct service_codec *const *c = service_codec_all(); *c != NULL; c++) {
			CU_ASSERT_EQUAL((*c)->state_bytes(&o), 0);
			CU_ASSERT_EQUAL((*c)->init(state, &o), -EINVAL);
		}
	}
}

/* GET freely; PUT and DELETE one after the other where a late copy does no harm; POST once. */
static void test_repeat(void)
{
	static const enum operation_repeat expected[SERVICE_METHODS][2] = {
	        [SERVICE_GET] = {OPERATION_FREELY, OPERATION_FREELY},
	        [SERVICE_PUT] = {OPERATION_ONCE, OPERATION_AGAIN},
	        [SERVICE_POST] = {OPERATION_ONCE, OPERATION_ONCE},
	        [SERVICE_DELETE] = {OPERATION_ONCE, OPERATION_AGAIN},
	};

	for (uint8_t method = 0; method < SERVICE_METHODS; method++) {
		const struct service_request r = codec_request(method, "a");

		for (uint32_t safe = 0; safe < 2; safe++) {
			CU_ASSERT_EQUAL(service_method_repeat(method, safe),
			                expected[method][safe]);
			CU_ASSERT_EQUAL(service_codec_coap.repeat(&r, safe),
			                expected[method][safe]);
			CU_ASSERT_EQUAL(service_codec_text.repeat(&r, safe),
			                expected[method][safe]);
		}
	}
	/* What is not known is not repeated. */
	CU_ASSERT_EQUAL(service_method_repeat(SERVICE_METHODS, false), OPERATION_ONCE);
	CU_ASSERT_EQUAL(service_method_repeat(SERVICE_METHODS, true), OPERATION_ONCE);
	const struct service_request range = codec_request(SERVICE_GET, "");

	CU_ASSERT_EQUAL(service_codec_mold.repeat(&range, false), OPERATION_FREELY);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"table", test_table},
	        {"options", test_options},
	        {"repeat", test_repeat},
	};

	return SUITE_RUN("request_service_codec", tests);
}
