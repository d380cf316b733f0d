package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A folder that somebody has fetched: charters/<n> and, for each log, logs/<origin, percent-encoded>/
// with the checkpoint and the tiles under the paths of docs/spec/log.md.

const chartersMax = 10_000

// An untrusted folder cannot be folded: what it holds is not what was signed.
type untrusted struct {
	log  string
	code code
}

func (u *untrusted) Error() string { return fmt.Sprintf("%s %s", u.code, u.log) }

// A storedLog is a log as a folder has it, under the checkpoint beside it.
type storedLog struct {
	checkpoint *signedCheckpoint
	leaves     [][]byte
}

// A folder is all that one has, verified as far as it goes without folding.
type folder struct {
	charters []*charter
	logs     map[string]storedLog
	// False where there are charters beyond a gap.
	isWhole bool
}

// readFolder verifies the charters, the checkpoints, and that leaves lead to their roots. Of a log that
// is not there it has nothing.
func readFolder(path string) (*folder, error) {
	notes, isWhole, err := readCharters(filepath.Join(path, "charters"))
	if err != nil {
		return nil, err
	}
	charters, bad := verifyChain(notes)
	if bad == "" && len(charters) == 0 {
		bad = "charter_missing"
	}
	if bad != "" {
		return nil, &untrusted{fmt.Sprintf("charter %d", len(charters)+1), bad}
	}
	f := &folder{charters, map[string]storedLog{}, isWhole}
	for origin, m := range charters[len(charters)-1].byOrigin {
		log, err := f.readLog(filepath.Join(path, "logs", folderName(origin)), m.logKey)
		if err != nil {
			return nil, err
		}
		if log != nil {
			f.logs[origin] = *log
		}
	}
	return f, nil
}

// replay folds all logs of a folder.
func (f *folder) replay() *replay {
	r := newReplay(f.charters)
	for origin, log := range f.logs {
		r.addLog(origin, log.leaves)
	}
	return r
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

// readLog reads a log as far as its checkpoint goes; nil where there is none.
func (f *folder) readLog(path string, logKey *verifierKey) (*storedLog, error) {
	data, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, bad := verifyCheckpoint(string(data), logKey, f.cosigners())
	if bad != "" {
		return nil, &untrusted{logKey.name, bad}
	}
	leaves, bad := readLeaves(path, c.size)
	if bad == "" && rootOf(leaves) != tlog.Hash(c.root) {
		bad = "leaf_differs"
	}
	if bad == "" {
		bad = checkHashTiles(path, leaves)
	}
	if bad != "" {
		return nil, &untrusted{logKey.name, bad}
	}
	return &storedLog{c, leaves}, nil
}

// checkHashTiles compares the hash tiles that are there with the leaves.
func checkHashTiles(path string, leaves [][]byte) code {
	stored := storedHashes(leaves)
	for level, count := 0, len(leaves); count > 0; level, count = level+1, count/tileWidth {
		for first := 0; first < count; first += tileWidth {
			tile := tlog.Tile{H: tileHeight, L: level, N: int64(first / tileWidth), W: tileWidth}
			if count-first < tileWidth {
				tile.W = count - first
			}
			name, err := tilePath(tile)
			if err != nil {
				return "tile_differs"
			}
			data, err := os.ReadFile(filepath.Join(path, filepath.FromSlash(name)))
			if os.IsNotExist(err) {
				continue
			}
			if want, wrong := tlog.ReadTileData(tile, stored); err != nil || wrong != nil || !bytes.Equal(data, want) {
				return "tile_differs"
			}
		}
	}
	return ""
}

// folderName percent-encodes an origin; of its characters only these two need it.
func folderName(origin string) string {
	return strings.NewReplacer("/", "%2F", ":", "%3A").Replace(origin)
}

// cosigners returns the keys by which members of the newest charter cosign.
func (f *folder) cosigners() []*verifierKey {
	var keys []*verifierKey
	for _, m := range f.charters[len(f.charters)-1].members {
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

// storedHashes computes all hashes over leaves as x/mod numbers them.
func storedHashes(leaves [][]byte) tlog.HashReader {
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
	return reader
}

func rootOf(leaves [][]byte) tlog.Hash {
	root, err := tlog.TreeHash(int64(len(leaves)), storedHashes(leaves))
	if err != nil {
		panic(err)
	}
	return root
}
