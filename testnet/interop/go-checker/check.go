package main

import (
	"flag"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// keys are flags that may be given several times.
type keys []string

func (k *keys) String() string         { return fmt.Sprint(*k) }
func (k *keys) Set(value string) error { *k = append(*k, value); return nil }

// check verifies a member's log from its newest checkpoint down to every leaf.
func check(args []string) error {
	flags := flag.NewFlagSet("check", flag.ExitOnError)
	url := flags.String("member", "", "URL of the member's API")
	ca := flags.String("ca", "", "file with the certificate of the authority")
	logKey := flags.String("log", "", "verifier key of the log")
	quorum := flags.Int("quorum", 0, "cosigners that must have cosigned")
	old := flags.String("old", "", "file with an older checkpoint, written if there is none")
	var cosignerKeys keys
	flags.Var(&cosignerKeys, "cosigner", "verifier key of a cosigner, type 4")
	flags.Parse(args)

	log, err := note.NewVerifier(*logKey)
	if err != nil {
		return err
	}
	var cosigners []note.Verifier
	for _, vkey := range cosignerKeys {
		c, err := newCosigner(vkey)
		if err != nil {
			return err
		}
		cosigners = append(cosigners, c)
	}
	m, err := newMember(*url, log.Name(), *ca)
	if err != nil {
		return err
	}
	msg, err := m.get("checkpoint")
	if err != nil {
		return err
	}
	tree, cosigned, err := openCheckpoint(msg, log, cosigners)
	if err != nil {
		return err
	}
	if len(cosigned) < *quorum {
		return fmt.Errorf("%d have cosigned, not %d", len(cosigned), *quorum)
	}
	hashes := tlog.TileHashReader(tree, m)
	if err := checkLeaves(m, tree, hashes); err != nil {
		return err
	}
	from, err := checkExtension(*old, msg, log, tree, hashes)
	if err != nil {
		return err
	}
	fmt.Printf("leaves %d, cosignatures %d, extends %d\n", tree.N, len(cosigned), from)
	return nil
}

// checkLeaves verifies that each leaf has the hash in its tile, and proves some of them.
func checkLeaves(m *member, tree tlog.Tree, hashes tlog.HashReader) error {
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the tiles do not lead to the root")
	}
	for first := int64(0); first < tree.N; first += tileWidth {
		width := tileWidth
		if tree.N-first < tileWidth {
			width = int(tree.N - first)
		}
		leaves, err := m.entries(first/tileWidth, width)
		if err != nil {
			return err
		}
		if err := checkBundle(leaves, first, tree, hashes); err != nil {
			return err
		}
	}
	return nil
}

func checkBundle(leaves [][]byte, first int64, tree tlog.Tree, hashes tlog.HashReader) error {
	indexes := make([]int64, len(leaves))
	for i := range leaves {
		indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
	}
	stored, err := hashes.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for i, leaf := range leaves {
		if tlog.RecordHash(leaf) != stored[i] {
			return fmt.Errorf("leaf %d does not have its hash", first+int64(i))
		}
		// A proof reads the same tiles again: the ends and a few between will do.
		if i%64 != 0 && i != len(leaves)-1 {
			continue
		}
		n := first + int64(i)
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, stored[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkExtension proves that the tree extends the one of the older checkpoint in file; where there is
// no file yet, it keeps this checkpoint there. Returns the older size.
func checkExtension(file string, msg []byte, log note.Verifier, tree tlog.Tree, hashes tlog.HashReader) (int64, error) {
	if file == "" {
		return 0, nil
	}
	older, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return 0, os.WriteFile(file, msg, 0o600)
	}
	if err != nil {
		return 0, err
	}
	before, _, err := openCheckpoint(older, log, nil)
	if err != nil {
		return 0, err
	}
	proof, err := tlog.ProveTree(tree.N, before.N, hashes)
	if err != nil {
		return 0, err
	}
	return before.N, tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash)
}
