package main

import "golang.org/x/mod/sumdb/tlog"

// Two folders that were fetched by different people, or at different times, must have the same logs as
// far as the shorter one goes (docs/spec/log.md, rules 24 and 27).

// findForks returns where logs of two folders differ; the index is that of the first other leaf.
func findForks(a, b *folder) []violation {
	var found []violation
	for origin, x := range a.logs {
		y, has := b.logs[origin]
		if !has {
			continue
		}
		for i := 0; i < len(x.leaves) && i < len(y.leaves); i++ {
			if tlog.RecordHash(x.leaves[i]) != tlog.RecordHash(y.leaves[i]) {
				found = append(found, violation{origin, int64(i), "log_forked"})
				break
			}
		}
	}
	return found
}

// findShrunk returns logs that are shorter than they were.
func findShrunk(now, before *folder) []violation {
	var found []violation
	for origin, old := range before.logs {
		if size := now.logs[origin].size(); size < old.size() {
			found = append(found, violation{origin, size, "checkpoint_went_back"})
		}
	}
	return found
}

func (log storedLog) size() int64 { return int64(len(log.leaves)) }
