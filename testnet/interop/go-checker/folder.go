package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A folder that somebody has fetched: charters/<n> and, for each log, logs/<origin, percent-encoded>/
// with the checkpoint and the tiles under the paths of docs/spec/log.md.

const chartersMax = 10_000

// replayFolder verifies and folds all that a folder has.
func replayFolder(folder string) (*replay, error) {
	notes, isWhole, err := readCharters(filepath.Join(folder, "charters"))
	if err != nil {
		return nil, err
	}
	charters, bad := verifyChain(notes)
	if len(charters) == 0 {
		return nil, fmt.Errorf("no charter: %s", bad)
	}
	r := newReplay(charters)
	if bad == "" && !isWhole {
		bad = "charter_version_not_next"
	}
	if bad != "" {
		r.violate("", int64(len(charters)+1), bad)
	}
	newest := charters[len(charters)-1]
	origins := make([]string, 0, len(newest.byOrigin))
	for origin := range newest.byOrigin {
		origins = append(origins, origin)
	}
	sort.Strings(origins)
	for _, origin := range origins {
		r.replayLog(filepath.Join(folder, "logs", folderName(origin)), newest.byOrigin[origin].logKey)
	}
	r.findBrokenDuties()
	return r, nil
}

// readCharters reads version 1 and on; false where there is one beyond a gap.
func readCharters(folder string) ([]string, bool, error) {
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, false, err
	}
	var notes []string
	for version := 1; version <= chartersMax; version++ {
		data, err := os.ReadFile(filepath.Join(folder, strconv.Itoa(version)))
		if err != nil {
			break
		}
		notes = append(notes, string(data))
	}
	isWhole := true
	for _, name := range names {
		n, err := strconv.Atoi(name.Name())
		isWhole = isWhole && (err != nil || n <= len(notes))
	}
	return notes, isWhole, nil
}

// replayLog takes in a log as far as its checkpoint goes.
func (r *replay) replayLog(folder string, logKey *verifierKey) {
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return
	}
	c, bad := verifyCheckpoint(string(data), logKey, r.cosigners())
	if bad != "" {
		r.violate(logKey.name, 0, bad)
		return
	}
	leaves, bad := readLeaves(folder, c.size)
	if bad != "" {
		r.violate(logKey.name, int64(len(leaves)), bad)
	} else if rootOf(leaves) != tlog.Hash(c.root) {
		r.violate(logKey.name, c.size, "batch_root_mismatch")
		return
	}
	taken := r.addLog(logKey.name, leaves)
	r.findFuture(c, leaves[:taken])
}

// folderName percent-encodes an origin; of its characters only these two need it.
func folderName(origin string) string {
	return strings.NewReplacer("/", "%2F", ":", "%3A").Replace(origin)
}

// cosigners returns the keys by which members of the newest charter cosign.
func (r *replay) cosigners() []*verifierKey {
	var keys []*verifierKey
	for _, m := range r.charters[len(r.charters)-1].members {
		keys = append(keys, cosignerKeyOf(m.logKey))
	}
	return keys
}

// readLeaves reads entry bundles up to a size; what is missing or malformed ends them.
func readLeaves(folder string, size int64) ([][]byte, code) {
	var leaves [][]byte
	for int64(len(leaves)) < size {
		width := size - int64(len(leaves))
		if width > tileWidth {
			width = tileWidth
		}
		tile := tlog.Tile{H: tileHeight, L: -1, N: int64(len(leaves)) / tileWidth, W: int(width)}
		path, err := tilePath(tile)
		if err != nil {
			return leaves, "bundle_malformed"
		}
		data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			return leaves, "leaf_unavailable"
		}
		bundle, ok := splitBundle(data)
		if !ok || int64(len(bundle)) != width {
			return leaves, "bundle_malformed"
		}
		leaves = append(leaves, bundle...)
	}
	return leaves, ""
}

// splitBundle is rules 37 and 38 of log.md.
func splitBundle(data []byte) ([][]byte, bool) {
	var leaves [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, false
		}
		size := int(binary.BigEndian.Uint16(data))
		if len(data)-2 < size || size > leafBytesMax {
			return nil, false
		}
		leaves = append(leaves, data[2:2+size])
		data = data[2+size:]
	}
	return leaves, len(leaves) >= 1 && len(leaves) <= tileWidth
}

// rootOf computes the root over leaves with x/mod's hashes.
func rootOf(leaves [][]byte) tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(n), leaf, reader)
		if err != nil {
			panic(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), reader)
	if err != nil {
		panic(err)
	}
	return root
}
