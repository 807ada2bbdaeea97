# skelex-eval.  `make help` lists the targets.
#
# Everything is built under build/<config>/; libskelexeval.a holds all but main.c,
# and tests, fuzzers and benches link the same archive.

CONFIG  ?= release
CC      = gcc
PACKAGES = gcc make pkg-config git libgomp1 libcsv-dev libgsl-dev libopenblas-pthread-dev libcyaml-dev libyaml-dev \
           libjansson-dev liblmdb-dev libxxhash-dev libexif-dev libcmocka-dev libstb-dev nettle-dev zlib1g-dev libzip-dev libexpat1-dev \
           libxlsxwriter-dev libjpeg62-turbo-dev gnuplot-nox
PC = gsl libcyaml yaml-0.1 jansson lmdb libxxhash libexif nettle zlib libzip expat xlsxwriter libjpeg
PACKAGES_CLANG = clang libclang-rt-14-dev libomp-14-dev

B       := build/$(CONFIG)
WARN    = -Wall -Wextra -Wshadow -Wconversion
# No contraction: a*b+c is rounded twice on every machine, so splits, min-max and metrics keep their digits.
COMMON  = -std=c11 -D_GNU_SOURCE -g -fopenmp -ffp-contract=off -fno-omit-frame-pointer $(WARN) -Iharness -Itests -MMD -MP
OPT_release = -O2
OPT_clang   = -O2
OPT_asan    = -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
OPT_tsan    = -O1 -fsanitize=thread
OPT_emulated = -O1 -w -Wno-psabi
OPT_fuzz    = -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
# V=1 shows the commands.
Q = $(if $V,,@)
CFLAGS  ?=
LDFLAGS ?=

# OpenBLAS: the pthread build, told to use one thread (base/blas.h).  Debian's serial build is made without locks and
# returns wrong products when threads call it at once; the openmp build would use several threads outside our loops.
# Linked by its own folder, so that the system's choice of alternatives cannot swap it.
#
# Compile and link flags of the libraries.  Made once the packages are there, then included: make starts over with it.
FLAGS_MK = build/flags.mk
ifeq ($(filter help deps clean,$(MAKECMDGOALS)),)
-include $(FLAGS_MK)
endif

ALL_CFLAGS = $(COMMON) $(OPT_$(CONFIG)) $(LIB_CFLAGS) $(CFLAGS)
LIBS       = $(LIB_LIBS) -lcsv -lm

SOURCES = $(sort $(wildcard harness/*/*.c))
OBJECTS = $(SOURCES:%.c=$B/%.o)
ARCHIVE = $B/libskelexeval.a
PROGRAM = $B/skelex-eval
UNIT    = $(patsubst tests/unit/%.c,$B/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
GOLDEN_OBJECTS = $(patsubst %.c,$B/%.o,$(sort $(wildcard tests/golden/*.c)))
FUZZERS = $(patsubst tests/fuzz/%.c,$B/tests/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
REPLAYS = $(patsubst tests/fuzz/fuzz_%.c,$B/tests/fuzz/replay_%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
TOOLS   = $(patsubst tests/tools/%.c,$B/tests/tools/%,$(sort $(wildcard tests/tools/*.c)))
BENCHES = $(patsubst tests/bench/%.c,$B/tests/bench/%,$(sort $(wildcard tests/bench/bench_*.c)))
BENCH_OBJECTS = $(patsubst %.c,$B/%.o,$(filter-out tests/bench/bench_%,$(sort $(wildcard tests/bench/*.c))))
GOLDEN ?= ../shared/golden
REAL   ?= ../shared/real

.PHONY: all deps test unit tools golden asan tsan emulated valgrind fuzz bench bench-quick bench-encoder bench-probe demo install clean help clang
.DEFAULT_GOAL = all
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAM) ## build the program

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what is missing from Debian's packages (needs root or sudo)
	@sh tests/deps.sh $(PACKAGES)

$(FLAGS_MK): Makefile tests/deps.sh
	@sh tests/deps.sh $(PACKAGES)
	@mkdir -p build
	@blas=$$(ls -d /usr/lib/*/openblas-pthread | head -1); PKG_CONFIG_PATH=$$blas/pkgconfig; export PKG_CONFIG_PATH; \
	{ echo "LIB_CFLAGS = $$(pkg-config --cflags openblas $(PC)) $$(pkg-config --cflags stb | sed 's/-I/-isystem /g')"; \
	  echo "LIB_LIBS = $$(pkg-config --define-variable=GSL_CBLAS_LIB= --libs openblas $(PC)) -Wl,-rpath,$$blas"; \
	  echo "CMOCKA_LIBS = $$(pkg-config --libs cmocka)"; } > $@

$B/%.o: %.c $(FLAGS_MK)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$Q$(CC) $(ALL_CFLAGS) -c $< -o $@

# What the name says; which of them runs is chosen at run time (base/cpu.h).
ifeq ($(shell uname -m),x86_64)
$B/harness/encoder/%_avx2.o: CFLAGS += -mavx2 -mfma
$B/harness/probe/%_avx2.o: CFLAGS += -mavx2 -mfma -O3
ifneq ($(CONFIG),emulated)
$B/harness/encoder/%_avx512.o: CFLAGS += -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl
$B/harness/encoder/%_avx512bf16.o: CFLAGS += -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512bf16
else
$B/harness/base/cpu.o $B/harness/encoder/kernels.o: CFLAGS += -DEMULATED_AVX512
$B/harness/encoder/%_avx512.o $B/harness/encoder/%_avx512bf16.o: CFLAGS += -mavx2 -mfma -DEMULATED_AVX512 -include tests/emulated_avx512.h
endif
endif

# It holds stb's JPEG writer, which shifts bits beyond an int.
$B/tests/unit/test_signature.o: CFLAGS += -fno-sanitize=shift

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	@echo "  AR    $@"
	$Qar rcs $@ $(OBJECTS)

$(PROGRAM): $B/harness/main.o $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$B/tests/unit/%: $B/tests/unit/%.o $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) $(CMOCKA_LIBS) -o $@

$B/tests/golden/golden: $(GOLDEN_OBJECTS) $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$B/tests/tools/%: $B/tests/tools/%.o $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$B/tests/bench/%: $B/tests/bench/%.o $(BENCH_OBJECTS) $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

# A fuzzer's entry point with a main() that replays its corpus.
$B/tests/fuzz/replay_%: $B/tests/fuzz/fuzz_%.o $B/tests/fuzz/replay.o $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$B/tests/fuzz/fuzz_%: $B/tests/fuzz/fuzz_%.o $(ARCHIVE)
	@echo "  LD    $@"
	$Q$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $^ $(LIBS) -o $@

unit: $(UNIT) ## build the unit tests

tools: $(TOOLS)

test: $(PROGRAM) $(UNIT) $(REPLAYS) $(TOOLS) $(BENCHES) $B/tests/golden/golden ## every test; ends with N passed, N failed
	@sh tests/run.sh $B $(GOLDEN) $(REAL)

golden: $B/tests/golden/golden ## check against reference outputs: make golden GOLDEN=DIR
	$B/tests/golden/golden $(GOLDEN)

asan: ## every test under address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONFIG=asan test

# clang's OpenMP runtime tells the thread sanitizer about its barriers; gcc's does not.
tsan: ## unit tests and the demo study under the thread sanitizer
	@sh tests/deps.sh $(PACKAGES_CLANG)
	@$(MAKE) --no-print-directory CONFIG=tsan CC=clang all unit
	@sh tests/tsan.sh build/tsan

EMULATED = test_product test_kernels test_encoder test_dinov2
emulated: ## tests of the AVX-512 and bfloat16 products on a processor that has neither
	@sh tests/deps.sh $(PACKAGES) libsimde-dev
	@$(MAKE) --no-print-directory CONFIG=emulated $(EMULATED:%=build/emulated/tests/unit/%)
	@for t in $(EMULATED); do build/emulated/tests/unit/$$t || exit 1; done

valgrind: $(PROGRAM) $(UNIT) ## checkpoints and encoders under Valgrind, AVX2 and portable
	@sh tests/deps.sh valgrind
	@sh tests/valgrind.sh $B

FUZZ_SECONDS ?= 60
fuzz: ## libFuzzer on every parser, FUZZ_SECONDS each
	@sh tests/deps.sh $(PACKAGES_CLANG)
	@$(MAKE) --no-print-directory CONFIG=fuzz CC=clang $(patsubst $B/%,build/fuzz/%,$(FUZZERS))
	@sh tests/fuzz.sh build/fuzz $(FUZZ_SECONDS)

# The encoder and whole cohorts against PyTorch (where python3-torch is there) and the processor's peak: CSV and a picture
# under build/bench; then the other benches.
BENCH_ENCODER = $B/tests/bench/bench_encoder
BENCH_COHORT  = $B/tests/bench/bench_cohort
BENCH_PROBE   = $B/tests/bench/bench_probe
BENCH_OUT     = build/bench

bench: $(BENCHES) $(PROGRAM) bench-encoder bench-probe ## interleaved timings of what the program exists for; CSV and a picture in build/bench
	@for b in $(filter-out $(BENCH_ENCODER) $(BENCH_COHORT) $(BENCH_PROBE),$(BENCHES)); do echo "== $$(basename $$b)"; $$b || exit 1; done

bench-quick: ## the encoder's part of it with 4 layers and small cohorts
	@$(MAKE) --no-print-directory BENCH_QUICK=--quick bench-encoder

bench-encoder: $(BENCHES) $(PROGRAM)
	@mkdir -p $(BENCH_OUT)
	@echo "== bench_encoder"; $(BENCH_ENCODER) $(BENCH_QUICK) --csv $(BENCH_OUT)/encoder.csv
	@echo "== bench_cohort"; $(BENCH_COHORT) $(BENCH_QUICK) --images $(REAL)/kneeoa --csv $(BENCH_OUT)/cohort.csv
	@sh tests/bench/plot.sh $(BENCH_OUT)

# The probes against scikit-learn, where python3-sklearn is there; BENCH_PROBE_ROWS=--full: a study's rows.
bench-probe: $(BENCH_PROBE)
	@mkdir -p $(BENCH_OUT)
	@echo "== bench_probe"; $(BENCH_PROBE) $(BENCH_PROBE_ROWS) --csv $(BENCH_OUT)/probe.csv
	@sh tests/bench/plot.sh $(BENCH_OUT)

demo: $(PROGRAM) ## draw the synthetic cohort, run the whole way on it, print the table
	@$(PROGRAM) synth results/demo-data
	@$(PROGRAM) run manifests/demo.yaml

clang: ## build everything with clang (warnings)
	@sh tests/deps.sh $(PACKAGES_CLANG)
	@$(MAKE) --no-print-directory CONFIG=clang CC=clang all unit tools $(BENCHES:$B/%=build/clang/%) build/clang/tests/golden/golden

PREFIX ?= /usr/local
install: $(PROGRAM) ## program, scripts of the figures, man page and completion under PREFIX
	install -D $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/skelex-eval
	install -d $(DESTDIR)$(PREFIX)/share/skelex-eval/plots
	install -m 644 plots/*.gp $(DESTDIR)$(PREFIX)/share/skelex-eval/plots
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	$(PROGRAM) --man > $(DESTDIR)$(PREFIX)/share/man/man1/skelex-eval.1
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(PROGRAM) --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/skelex-eval
	$(PROGRAM) --completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_skelex-eval

clean: ## remove build/
	rm -rf build

-include $(OBJECTS:.o=.d) $(GOLDEN_OBJECTS:.o=.d) $(UNIT:%=%.d) $(REPLAYS:%=%.d) $(TOOLS:%=%.d) $(BENCHES:%=%.d) $(BENCH_OBJECTS:.o=.d) $B/harness/main.d
