#!/usr/bin/env bash
# one GATE MAIL SERIES: run a gate; one that dies without a word has not passed.
"$1" "$2" "$3" || echo "${2##*/}: the gate itself failed"
