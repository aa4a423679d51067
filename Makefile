# The commands of every day; each prepares its own environment (.venv) and services.
PYTHON ?= python3
# Without a shell in between: the launcher ends with the make that is its parent.
UP = exec $(PYTHON) -m backoffice.up
# More arguments for pytest: make test ARGS="-k bills"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-long shots bench debit-day mutants rules guide check audit

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1: \2/p' Makefile

run:  ## 启动全部 / everything in one terminal, with a demo portfolio; PORT=8001 another port
	@$(UP)

test:  ## 测试 / every test on the embedded services
	@$(UP) exec --dev -- pytest -n 2 $(ARGS)

test-long:  ## 长测试 / the same tests with larger numbers
	@WEIDAI_TEST_PROFILE=long $(UP) exec --dev -- pytest -n 2 $(ARGS)

shots:  ## 截图 / the pictures of the README, taken again into docs/images; needs Chromium
	@SHOTS_DIR=docs/images $(UP) exec --dev -- pytest -n 0 tests/browser/test_tour.py

bench:  ## 基准 / the 9:00 run against its baseline and a loan at a time; ARGS="--loans 100000 --rounds 3"
	@$(UP) exec --dev -- python -m tests.bench $(ARGS)

debit-day: bench  # the one benchmark there is: make bench debit-day
	@:

mutants:  ## 变异测试 / do the tests notice a changed rule; ARGS="--only loans --sample 400 --seed 1"
	@$(UP) exec --dev -- python -m tests.mutants $(ARGS)

rules:  ## 规则表 / docs/rules.md, written again from the table of rules
	@$(UP) exec --dev -- python manage.py shell --verbosity 0 -c "from tests import rulebook; rulebook.write()"

guide:  ## 开通指南与术语表 / docs/guide.md and docs/glossary.md, written again from texts and numbers
	@$(UP) exec --dev -- python manage.py write_guide

check:  ## 检查 / lint, types, layers, templates, migrations, deployment, translations, security
	@$(UP) exec --dev -- .ci/check

audit:  ## 依赖漏洞 / known weaknesses of the installed packages
	@$(UP) exec --dev -- pip-audit --progress-spinner off
