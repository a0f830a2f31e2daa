# make run    the window (or, without a display, pictures of it in out/tour)
# make test   the tests
# Both make .venv first; both are safe to repeat. ARGS goes to the program: make test ARGS="-k lenet"

PYTHON ?= python3
ARGS ?=

.PHONY: run test lint clean

run:
	@$(PYTHON) packaging/environment.py run $(ARGS)

test:
	@$(PYTHON) packaging/environment.py test $(ARGS)

lint:
	@.venv/bin/ruff check cvlab tests packaging && .venv/bin/ruff format --check cvlab tests packaging

clean:
	rm -rf .venv
