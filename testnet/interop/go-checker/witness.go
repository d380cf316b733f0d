package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witness serves add-checkpoint of C2SP tlog-witness on a free port of the loopback address, and
// prints its URL and its verifier key.
func witness(args []string) error {
	flags := flag.NewFlagSet("witness", flag.ExitOnError)
	logKey := flags.String("log", "", "verifier key of the log to witness")
	name := flags.String("name", "witness.test/w1", "key name")
	flags.Parse(args)
	log, err := note.NewVerifier(*logKey)
	if err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	key := append([]byte{algCosignature}, public...)
	w := &witnessServer{log: log, name: *name, hash: keyHash(*name, key), key: private}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n%s+%08x+%s\n", listener.Addr(), w.name, w.hash,
		base64.StdEncoding.EncodeToString(key))
	http.HandleFunc("/add-checkpoint", w.addCheckpoint)
	return http.Serve(listener, nil)
}

// A witnessServer remembers the largest tree of one log that it has cosigned.
type witnessServer struct {
	log  note.Verifier
	name string
	hash uint32
	key  ed25519.PrivateKey

	mu   sync.Mutex
	tree tlog.Tree
}

func (w *witnessServer) addCheckpoint(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyBytesMax))
	if err != nil || r.Method != http.MethodPost {
		http.Error(rw, "cannot read", http.StatusBadRequest)
		return
	}
	oldSize, proof, msg, err := parseRequest(string(body))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	n, err := note.Open([]byte(msg), note.VerifierList(w.log))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusForbidden)
		return
	}
	origin, tree, err := parseCheckpoint(n.Text)
	if err != nil || origin != w.log.Name() || oldSize > tree.N {
		http.Error(rw, "not a checkpoint of the log", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if oldSize != w.tree.N || (oldSize == tree.N && oldSize > 0 && tree.Hash != w.tree.Hash) {
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", w.tree.N)
		return
	}
	if oldSize > 0 && oldSize < tree.N {
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, oldSize, w.tree.Hash); err != nil {
			http.Error(rw, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	} else if len(proof) > 0 {
		http.Error(rw, "a proof of nothing", http.StatusUnprocessableEntity)
		return
	}
	w.tree = tree
	io.WriteString(rw, w.cosign(n.Text))
}

// cosign returns the signature line for a note's text.
func (w *witnessServer) cosign(text string) string {
	t := uint64(time.Now().Unix())
	sig := binary.BigEndian.AppendUint32(nil, w.hash)
	sig = binary.BigEndian.AppendUint64(sig, t)
	sig = append(sig, ed25519.Sign(w.key, cosignedMessage(t, []byte(text)))...)
	return fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig))
}

// parseRequest reads an old size line, proof lines, an empty line and a checkpoint.
func parseRequest(body string) (int64, tlog.TreeProof, string, error) {
	head, msg, found := strings.Cut(body, "\n\n")
	if !found {
		return 0, nil, "", fmt.Errorf("no empty line")
	}
	lines := strings.Split(head, "\n")
	digits := strings.TrimPrefix(lines[0], "old ")
	oldSize, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || oldSize < 0 || lines[0] != fmt.Sprintf("old %d", oldSize) {
		return 0, nil, "", fmt.Errorf("no old size")
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, "", err
		}
		proof = append(proof, hash)
	}
	return oldSize, proof, msg, nil
}
