package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
)

// foldCommand folds a folder of logs and charters, offline, and prints what they say in canonical JSON.
func foldCommand(args []string) error {
	flags := flag.NewFlagSet("fold", flag.ExitOnError)
	cache := flags.String("cache", "", "folder with charters/<n> and logs/<origin>/")
	withStates := flags.Bool("states", false, "print the hash of every label's state as well")
	flags.Parse(args)
	r, err := replayFolder(*cache)
	if err != nil {
		return err
	}
	var leaves []indexLeaf
	states := object{}
	for label, of := range r.labels {
		if state := of.fold(); state != nil {
			hash := state.hash()
			leaves = append(leaves, indexLeaf{label, hash})
			states[hex.EncodeToString(label[:])] = hex.EncodeToString(hash[:])
		}
	}
	root := indexRoot(leaves)
	report := object{"bindings": int64(len(leaves)), "root": hex.EncodeToString(root[:]), "violations": r.listViolations()}
	if *withStates {
		report["states"] = states
	}
	fmt.Println(encodeJSON(report))
	return nil
}

func (r *replay) listViolations() []any {
	sort.Slice(r.violations, func(i, j int) bool {
		a, b := r.violations[i], r.violations[j]
		if a.log != b.log {
			return a.log < b.log
		}
		return a.index < b.index || (a.index == b.index && a.code < b.code)
	})
	list := []any{}
	for i, v := range r.violations {
		if i == 0 || r.violations[i-1] != v {
			list = append(list, object{"log": v.log, "index": v.index, "code": string(v.code)})
		}
	}
	return list
}

// histories folds one vector of the fold a line, from standard input, and prints its state's encoding.
func histories() error {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	lines := json.NewDecoder(in)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.More() {
		v := &vector{}
		if err := lines.Decode(v); err != nil {
			return err
		}
		state, err := foldVector(v)
		if err != nil {
			return err
		}
		if state == nil {
			fmt.Fprintln(out, "none")
		} else {
			fmt.Fprintln(out, hex.EncodeToString(state.encode()))
		}
	}
	return nil
}
