package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
)

// foldCommand folds a folder of logs and charters, offline, and prints what they say in canonical JSON.
func foldCommand(args []string) error {
	flags := flag.NewFlagSet("fold", flag.ExitOnError)
	cache := flags.String("cache", "", "folder with charters/<n> and logs/<origin>/")
	other := flags.String("other", "", "folder of somebody else, to compare the logs with")
	before := flags.String("before", "", "folder as it was before, to compare the logs with")
	withStates := flags.Bool("states", false, "print the hash of every label's state as well")
	flags.Parse(args)
	f, err := readFolder(*cache)
	if err != nil {
		return err
	}
	r := f.replay()
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
	broken, err := f.findBroken(r, *other, *before)
	if err != nil {
		return err
	}
	report := object{
		"bindings": int64(len(leaves)), "root": hex.EncodeToString(root[:]), "violations": listed(r.violations), "broken": listed(broken),
	}
	if *withStates {
		report["states"] = states
	}
	fmt.Println(encodeJSON(report))
	return nil
}

// findBroken lists what no honest member does, besides leaves that contribute nothing.
func (f *folder) findBroken(r *replay, other, before string) ([]violation, error) {
	broken := findBroken(f.charters, r.statements)
	if !f.isWhole {
		broken = append(broken, violation{"", int64(len(f.charters) + 1), "charter_gap"})
	}
	for origin, log := range f.logs {
		broken = append(broken, findFuture(origin, log.checkpoint, log.leaves)...)
	}
	if other != "" {
		theirs, err := readFolder(other)
		if err != nil {
			return nil, err
		}
		broken = append(broken, findForks(f, theirs)...)
	}
	if before != "" {
		old, err := readFolder(before)
		if err != nil {
			return nil, err
		}
		broken = append(append(broken, findForks(f, old)...), findShrunk(f, old)...)
	}
	return broken, nil
}

// listed orders violations by log, index and code, each once.
func listed(all []violation) []any {
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.log != b.log {
			return a.log < b.log
		}
		return a.index < b.index || (a.index == b.index && a.code < b.code)
	})
	list := []any{}
	for i, v := range all {
		if i == 0 || all[i-1] != v {
			list = append(list, object{"log": v.log, "index": v.index, "code": string(v.code)})
		}
	}
	return list
}

// histories folds one vector of the fold a line, from standard input, and prints its state's encoding.
func histories() error {
	lines := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	f := newVectorFold()
	for lines.More() {
		v := &vector{}
		if err := lines.Decode(v); err != nil {
			return err
		}
		state, err := f.fold(v)
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

// A vectorFold folds vectors, many of which have the same charters and entries.
type vectorFold struct {
	chains   map[string][]*charter
	verified map[id]*verifiedEntry
}

func newVectorFold() *vectorFold {
	return &vectorFold{map[string][]*charter{}, map[id]*verifiedEntry{}}
}

// fold folds the label of a vector.
func (f *vectorFold) fold(v *vector) (*bindingState, error) {
	key := strings.Join(v.Charters, "")
	charters, known := f.chains[key]
	if !known {
		var bad code
		if charters, bad = verifyChain(v.Charters); bad != "" {
			return nil, fmt.Errorf("charters: %s", bad)
		}
		f.chains[key] = charters
	}
	r := newReplay(charters)
	r.verified = f.verified
	for origin, log := range v.Logs {
		var leaves [][]byte
		for _, leaf := range log {
			leaves = append(leaves, unhex(leaf))
		}
		r.addLog(origin, leaves)
	}
	if of := r.labels[idOf(v.Label)]; of != nil {
		return of.fold(), nil
	}
	return nil, nil
}
