# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks: what is run at which size, and how its rows become a table.

A command is a list of words; the first is the program, relative to the build directory (.py: to the source tree). {capture} stands for
the file that `captures` names; without it the command is left out.
"""
import os

SIZES = ('small', 'medium', 'full')
CAPTURE = os.path.join('iex', 'DEEP10.pcap.gz')


class Bench:
    def __init__(self, name, title, columns, small, medium, full=None, note='', timeout_s=900):
        self.name, self.title, self.note, self.timeout_s = name, title, note, timeout_s
        self.columns = columns  # (key, heading, decimals; None: as it is)
        self.commands = {'small': small, 'medium': medium, 'full': full or medium}


def words(text):
    return text.split()


def uniform(answer):
    """Rows of any benchmark's JSON: a list of flat mappings; those of one `group` must have one `hash`."""
    if 'rows' not in answer:  # bench_book: one row
        row = {k: v for k, v in answer.items() if k not in ('bench', 'books_hash', 'bests_hash')}
        return [dict(row, group='books', hash=answer['books_hash'])]
    rows = answer['rows']
    if 'bench' not in answer:  # bench_engine: every row keeps the same books
        rows = [dict(row, group='books', messages=answer['messages']) for row in rows]
    return rows


RECEIVE = [('port', 'port', None), ('messages_per_packet', 'messages/packet', None), ('engine_mpps', 'engine, M packets/s', 2),
           ('copy_mpps', 'copies', 2), ('port_mpps', 'port alone', 1), ('rxonly_mpps', 'rxonly', 1), ('testpmd_mpps', 'testpmd', 1),
           ('of_rxonly', 'engine/rxonly', 2), ('of_testpmd', 'engine/testpmd', 2), ('copy_of_testpmd', 'copies/testpmd', 2),
           ('engine_ns_per_message', 'engine, ns/message', 1)]
PARSE = [('walk', 'walk', None), ('messages', 'messages', None), ('ns_per_message', 'ns/message', 1), ('best_ns_per_message', 'best', 1)]
HAND_OVER = [('where', 'where', None), ('payload_bytes', 'payload, bytes', None), ('copy_ns', 'copy, ns/packet', 1),
             ('copy_best_ns', 'best', 1), ('free_ns', 'free', 1), ('free_best_ns', 'best', 1), ('return_ns', 'return', 1),
             ('return_best_ns', 'best', 1), ('free_held', 'held, free', None), ('return_held', 'held, return', None)]
LOG = [('where', 'where', None), ('messages_per_packet', 'messages/packet', None), ('readers', 'readers', None), ('log_ns', 'log', 1),
       ('pointers_ns', 'pointers, SPSC', 1), ('mpmc_ns', 'pointers, MPMC', 1), ('copies_ns', 'copies', 1), ('slab_ns', 'slab', 1)]
BOOK = [('symbols', 'symbols', None), ('messages', 'messages', None), ('orders_live', 'live orders', None),
        ('ns_per_message_early', 'early, ns/message', 0), ('ns_per_message_late', 'late', 0), ('ns_per_message', 'over the day', 0),
        ('bytes_per_order', 'bytes/order', 0)]
LEVELS = [('day', 'day', None), ('messages', 'messages', None), ('level_updates', 'level updates', None), ('symbols', 'symbols', None),
          ('ns_per_message', 'ns/message', 1), ('ns_per_update', 'ns/update', 1)]
ENGINE = [('groups', 'groups', None), ('per_packet', 'messages/packet', None), ('append_ns', 'append, ns/message', 0),
          ('apply_ns', 'apply', 0), ('early_ns', 'early', 0), ('late_ns', 'late', 0), ('bytes_per_order', 'bytes/order', 0)]
PIPELINE = [('day', 'day', None), ('messages', 'messages', None), ('packets', 'packets', None), ('orders_live', 'live orders', None), ('layout', 'layout', None),
            ('ns_per_message', 'ns/message', 0), ('million_messages_per_s', 'M messages/s', 2)]
BOARD = [('where', 'where', None), ('way', 'way', None), ('update_ns', 'update, ns', 1), ('read_ns', 'read, ns', 1),
         ('retries_per_million', 'looks in vain per million', 0)]
FOLLOWER = [('reader', 'reader', None), ('records_per_s', 'records/s', None), ('p50_ns', 'p50, ns', None), ('p99_ns', 'p99', None),
            ('p999_ns', 'p99.9', None), ('max_ns', 'max', None)]
LATENCY = [('messages_per_s', 'messages/s', None), ('reached_per_s', 'reached', None), ('messages', 'messages', None),
           ('p50_ns', 'p50, ns', None), ('p99_ns', 'p99', None), ('p999_ns', 'p99.9', None), ('max_ns', 'max', None)]
KERNEL = [('rate', 'sent at', None), ('receiver', 'receiver', None), ('sent_per_s', 'sent, packets/s', None),
          ('received_per_s', 'received, packets/s', None), ('lost_percent', 'lost, %', 2)]
MEMIF = [('lines', 'lines', None), ('messages', 'messages', None), ('packets_per_s', 'packets/s', None),
         ('messages_per_s', 'messages/s', None), ('lost_messages', 'lost', None)]
BREAKER = [('breakers', 'breakers', None), ('task', 'task', None), ('breaker_ns', 'breaker, ns', 1), ('plain_ns', 'plain', 1), ('loop_ns', 'loop', 1),
           ('best_ns', 'breaker, best', 1), ('net_ns', 'less the loop', 1), ('plain_net_ns', 'plain less the loop', 1)]
FORECAST = [('traffic', 'traffic', None), ('detectors', 'detectors', None), ('runs', 'runs', None), ('missed', 'missed', None),
            ('delay_p50_s', 'delay p50, s', 0), ('delay_p90_s', 'p90', 0),
            ('lead_p10_s', 'lead p10, s', 0), ('lead_p50_s', 'p50', 0), ('lead_p90_s', 'p90', 0),
            ('false_per_hour', 'false alarms/hour', 2), ('warned_percent', 'of the time, %', 2), ('ns_per_sample', 'ns/sample', 1)]
THROTTLE = [('way', 'way', None), ('fraction_percent', 'fraction, %', 0), ('ns_per_request', 'ns/request', 1), ('off_per_100', 'off, of 100', 0)]
ESTIMATE = [('what', 'what', None), ('ns_per_call', 'ns/call', 1), ('best_ns_per_call', 'best', 1)]
WHEEL = [('pattern', 'pattern', None), ('timer', 'timer', None), ('live', 'live timers', None), ('ns_per_step', 'ns/step', 1),
         ('best_ns_per_step', 'best', 1)]
TIMEOUT = [('service', 'service', None), ('method', 'method', None), ('spurious_percent', 'spurious, %', 3),
           ('learning_percent', 'of the first 1,000, %', 1), ('shift_percent', 'of 1,000 after the shift, %', 1),
           ('found_median', 'dead server found after, medians', 1), ('found_q99', 'q99', 1)]
SWEPT = (('lognormal_025', 'lognormal 0.25'), ('lognormal_05', '0.5'), ('lognormal_1', '1'), ('pareto', 'Pareto 2.5'), ('bimodal', 'bimodal'))
SWEEP = [('method', 'method', None), ('multiplier', 'multiplier', 1)] + [(key + '_percent', name + ', spurious, %', 2) for key, name in SWEPT] + [
    (key + '_found', name + ', found after', 1) for key, name in SWEPT]
HEDGE = [('service', 'service', None), ('losers', 'replies of losers', None), ('q99_alone_ms', 'q99 alone, ms', 2), ('q99_ms', 'hedged', 2),
         ('q99_change_percent', 'change, %', 0), ('q999_alone_ms', 'q99.9 alone, ms', 2), ('q999_ms', 'hedged', 2),
         ('extra_percent', 'extra requests, %', 2), ('on_percent', 'on, % of the time', 1)]
CODEC = [('codec', 'codec', None), ('live', 'live', None), ('request_bytes', 'request, bytes', None), ('reply_bytes', 'reply', None),
         ('encode_ns', 'encode, ns', 0), ('decode_ns', 'decode', 0), ('stray_ns', 'stray', 0), ('forget_ns', 'forget', 0),
         ('copy_ns', 'copying both', 0)]
OPERATION = [('task', 'task', None), ('burst', 'live', None), ('operation_ns', 'operation, ns', 0), ('best_ns', 'best', 0),
             ('table_ns', 'plain table', 1), ('loop_ns', 'loop', 1)]
REQUEST = [('burst', 'at a time', None), ('request_ns', 'request, ns', 0), ('best_ns', 'best', 0), ('bare_ns', 'its packets alone', 0),
           ('requests_per_us', 'requests per microsecond', 2)]
ATTEMPTS = [('replies', 'replies', None), ('asked', 'asked', None), ('success_percent', 'success, %', 2), ('q50_ms', 'q50, ms', 0),
            ('q99_ms', 'q99', 0), ('extra_percent', 'extra requests, %', 1), ('slots_ms', 'slots held, ms/operation', 0)]

GAP = [('servers', 'servers', None), ('client', 'client', None), ('measured', 'gaps', None), ('lost', 'messages lost', None),
       ('q50_rtt', 'healed in, round trips, q50', 2), ('q99_rtt', 'q99', 2), ('max_rtt', 'max', 1), ('extra_percent', 'extra requests, %', 2),
       ('waited_ms', 'stream waited at most, ms', 1)]

LIVE = 'perf/bench_live.py '
DEEP = ' --capture {capture} --protocol deep10'

BENCHES = [
    Bench('receive', 'Receive, frame, sequence, log: one core', RECEIVE,
          [words('app/bench_receive --packets 1024 --rounds 1 --testpmd 100')],
          [words('app/bench_receive --packets 8192 --rounds 5 --testpmd 500')]),
    Bench('parse', 'Parse', PARSE,
          [words('perf/bench_parse --messages 60000 --rounds 3')],
          [words('perf/bench_parse --messages 2000000 --rounds 11')]),
    Bench('hand_over', 'Hand-over of packets between cores', HAND_OVER,
          [words('perf/bench_hand_over --packets 10000 --rounds 1')],
          [words('perf/bench_hand_over --packets 500000 --rounds 15')]),
    Bench('log', 'Log beside rings, ns per message', LOG,
          [words('perf/bench_log --messages 10000 --rounds 1 --segments 2')],
          [words('perf/bench_log --messages 1000000 --rounds 5')]),
    Bench('book', 'Books by order: the kernel', BOOK,
          [words('perf/bench_book --symbols 200 --live 5000 --messages 100000')],
          [words('perf/bench_book --symbols 8000 --live 1200000 --messages 10000000 --rounds 5')],
          [words('perf/bench_book --symbols 8000 --live 1200000 --messages 30000000 --rounds 3')]),
    Bench('levels', 'Books by level: the kernel', LEVELS,
          [words('perf/bench_levels --messages 60000 --rounds 1')],
          [words('perf/bench_levels --messages 3000000 --rounds 5'), words('perf/bench_levels --rounds 11 --capture {capture}')]),
    Bench('engine', 'Engine: log to board', ENGINE,
          [words('app/bench_engine --messages 20000 --symbols 100 --live 2000 --rounds 1')],
          [words('app/bench_engine --messages 3000000 --symbols 8000 --live 1000000 --rounds 3')],
          [words('app/bench_engine --messages 30000000 --symbols 8000 --live 1200000 --rounds 1')], timeout_s=3600),
    Bench('pipeline', 'Pipeline: frames to board, cores and shards', PIPELINE,
          [words('app/bench_pipeline --messages 20000 --symbols 200 --live 2000 --rounds 1')],
          [words('app/bench_pipeline --messages 2000000 --symbols 8000 --live 500000 --rounds 3'),
           words('app/bench_pipeline --messages 2000000 --symbols 8000 --live 500000 --rounds 3 --per-packet 0'),
           words('app/bench_pipeline --rounds 5' + DEEP)]),
    Bench('board', 'Board beside a seqlock and a mutex', BOARD,
          [words('perf/bench_board --updates 20000 --rounds 1')],
          [words('perf/bench_board --updates 2000000 --rounds 5')]),
    Bench('follower', 'Reader latency through the log', FOLLOWER,
          [words('perf/bench_follower --records 5000 --rate 100000')],
          [words('perf/bench_follower --records 1000000')]),
    Bench('breaker', 'Breakers and the health of nodes', BREAKER,
          [words('perf/bench_breaker --operations 20000 --rounds 1 --largest 16384')],
          [words('perf/bench_breaker --operations 4000000 --rounds 9')]),
    Bench('forecast', 'Forecast: lead time, misses, false alarms', FORECAST,
          [words('perf/bench_forecast --runs 4 --hours 1 --rounds 1')],
          [words('perf/bench_forecast --runs 250 --hours 200')],
          [words('perf/bench_forecast --runs 1000 --hours 1000')]),
    Bench('throttle', 'Throttle beside dice and a token bucket', THROTTLE,
          [words('perf/bench_throttle --requests 20000 --rounds 1')],
          [words('perf/bench_throttle --requests 4000000 --rounds 7')]),
    Bench('estimate', 'Estimators: learning and asking', ESTIMATE,
          [words('perf/bench_estimate --calls 5000 --rounds 1')],
          [words('perf/bench_estimate --calls 2000000 --rounds 9')]),
    Bench('wheel', 'Timers beside rte_timer', WHEEL,
          [words('perf/bench_wheel --live 1000 --steps 2000 --rounds 1')],
          [words('perf/bench_wheel --live 65536 --steps 1000000 --rounds 7')]),
    Bench('timeout', 'Timeouts: spurious ones, and dead servers found', TIMEOUT,
          [words('perf/bench_timeout --attempts 4000')],
          [words('perf/bench_timeout --attempts 300000')],
          [words('perf/bench_timeout --attempts 1000000')]),
    Bench('sweep', 'Timeouts: the multiplier from 1 to 5', SWEEP,
          [words('perf/bench_timeout --sweep 1 --attempts 4000')],
          [words('perf/bench_timeout --sweep 1 --attempts 300000')]),
    Bench('hedge', 'Hedges with a budget of 5 %', HEDGE,
          [words('perf/bench_hedge --requests 5000')],
          [words('perf/bench_hedge --requests 1000000')]),
    Bench('operation', 'Operations: a whole life', OPERATION,
          [words('perf/bench_operation --operations 16384 --rounds 1')],
          [words('perf/bench_operation --operations 1048576 --rounds 9')]),
    Bench('codec', 'Codecs: requests into words, replies understood', CODEC,
          [words('perf/bench_codec --requests 16384 --rounds 1')],
          [words('perf/bench_codec --requests 1048576 --rounds 9')]),
    Bench('request', 'Requests: into frames and back', REQUEST,
          [words('perf/bench_request --operations 8192 --rounds 1')],
          [words('perf/bench_request --operations 1048576 --rounds 9')]),
    Bench('attempts', 'Attempts: at once, in turn, hedged, cancelled', ATTEMPTS,
          [words('perf/bench_attempts --operations 1000')],
          [words('perf/bench_attempts --operations 20000')]),
    Bench('gap', 'Gaps on both lines, asked of servers', GAP,
          [words('perf/bench_gap --gaps 50')],
          [words('perf/bench_gap --gaps 1000')]),
    Bench('latency', 'Wire to book', LATENCY,
          [words(LIVE + 'latency --rates 20000 --seconds 0.5')],
          [words(LIVE + 'latency --rates 10000,100000,1000000 --seconds 4')]),
    Bench('kernel', 'Kernel devices beside recvmmsg', KERNEL,
          [words(LIVE + 'kernel --rates 0 --messages 20000 --rounds 1')],
          [words(LIVE + 'kernel --rates 100000,200000,0 --messages 400000 --rounds 3')]),
    Bench('memif', 'Exchange to engine over memif, flat out', MEMIF,
          [words(LIVE + 'memif --messages 20000 --rounds 1')],
          [words(LIVE + 'memif --messages 600000 --rounds 3')]),
]
