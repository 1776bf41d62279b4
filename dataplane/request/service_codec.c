/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/service_codec.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/wire/coap.h"

static const struct service_codec *const codecs[] = {
        &service_codec_coap,
        &service_codec_text,
        &service_codec_mold,
        NULL,
};

const struct service_codec *const *service_codec_all(void)
{
	return codecs;
}

const struct service_codec *service_codec_find(const char *name)
{
	for (uint32_t i = 0; codecs[i] != NULL; i++)
		if (strcmp(codecs[i]->name, name) == 0)
			return codecs[i];
	return NULL;
}

void service_codec_defaults(struct service_codec_options *o)
{
	*o = (struct service_codec_options){
	        .nodes = 1,
	        .source_ports = 1,
	        .attempts_max = 1024,
	        .coap = {.max_latency_ns = 1000000000u, .content_format = COAP_OCTETS},
	};
}

bool service_codec_options_check(const struct service_codec_options *o)
{
	return o->nodes >= 1 && o->nodes <= SERVICE_NODES_MAX && o->source_ports >= 1 &&
	       o->source_ports <= SERVICE_SOURCE_PORTS_MAX && o->attempts_max >= 1 &&
	       o->attempts_max <= OPERATION_SLOTS_MAX && o->coap.max_latency_ns >= 1 &&
	       (o->coap.content_format <= UINT16_MAX || o->coap.content_format == COAP_FORMAT_NONE);
}

enum operation_repeat service_method_repeat(uint8_t method, bool reorder_safe)
{
	if (method == SERVICE_GET)
		return OPERATION_FREELY;
	if ((method == SERVICE_PUT || method == SERVICE_DELETE) && reorder_safe)
		return OPERATION_AGAIN;
	return OPERATION_ONCE;
}
