# The door to the lab. Every recipe is one line; what it does stands in tools/stack.sh and in the `lab` command.
# Variables: SERVICE= LATENCY=<ms> RATE=<0.0-1.0> STACK=docker|embedded COLLECTOR=promtail|alloy
#            SLO_WINDOWS=lab|production ONLY=stack PORT_OFFSET=<n>|auto ARGS="..."
export SERVICE LATENCY RATE STACK COLLECTOR SLO_WINDOWS ONLY PORT_OFFSET ARGS
.PHONY: up down ps logs restart clean load load-quick chaos-latency chaos-errors chaos-reset verify test lint bench help
.DEFAULT_GOAL := help

up: ## Start the lab and wait until everything answers  [STACK= COLLECTOR= SLO_WINDOWS= ONLY=stack PORT_OFFSET=]
	@tools/stack.sh up
down: ## Stop everything; data stays
	@tools/stack.sh down
ps: ## Show the parts and how they are
	@tools/stack.sh ps
logs: ## Show what the services print, until Ctrl-C  [SERVICE=]
	@tools/stack.sh logs
restart: ## Restart one service or everything  [SERVICE=]
	@tools/stack.sh restart
clean: ## Stop everything and remove the data; build output stays
	@tools/stack.sh clean
load: ## Send requests until Ctrl-C, then print a summary  [ARGS="--rate 20"]
	@tools/stack.sh load
load-quick: ## Send 300 requests, then print a summary
	@tools/stack.sh load-quick
chaos-latency: ## Let a service answer late  SERVICE= LATENCY=<ms>
	@tools/stack.sh chaos-latency
chaos-errors: ## Let a share of a service's requests fail  SERVICE= RATE=<0.0-1.0>
	@tools/stack.sh chaos-errors
chaos-reset: ## Take all faults away  [SERVICE=]
	@tools/stack.sh chaos-reset
verify: ## Send one request and prove every hop of it, from metric to dashboard  [ARGS=--json]
	@tools/stack.sh verify
test: ## Run all tests
	@tools/test.sh
lint: ## Check format, lints, the rules of the house and the shell scripts
	@tools/lint.sh
bench: ## Measure what the documentation promises  [ARGS=request]
	@cargo xtask bench $(ARGS)
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
