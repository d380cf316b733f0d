// Command go-checker reads members' logs with software that shares nothing with theirs: notes, tiles
// and proofs are those of golang.org/x/mod/sumdb, which the Go checksum database is built on; the fold
// of what the logs say is written from docs/spec alone.
//
//	go-checker check -member https://… -ca ca.pem -log <vkey> -cosigner <vkey>… -quorum n [-old file]
//	go-checker fold -cache DIR [-other DIR] [-before DIR] [-states]
//	go-checker vectors DIR
//	go-checker histories
//	go-checker witness -log <vkey> -name <key name>
//
// check verifies the newest checkpoint, every leaf, inclusion, and consistency with an older
// checkpoint. fold reads a folder that `callbook audit replay` has filled, offline, and prints in
// canonical JSON the root of the index, leaves that contribute nothing (violations), and what no honest
// member does (broken). vectors holds this program against vectors/. histories folds fold vectors, one a
// line. witness is a small witness of C2SP tlog-witness; it forgets all when it ends.
//
// Exit code 1 and a line on standard error say what is wrong, 3 that a folder is not what was signed.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: go-checker check|witness|fold|histories|vectors …"))
	}
	var err error
	switch os.Args[1] {
	case "check":
		err = check(os.Args[2:])
	case "witness":
		err = witness(os.Args[2:])
	case "fold":
		err = foldCommand(os.Args[2:])
	case "histories":
		err = histories()
	case "vectors":
		err = vectors(os.Args[2:])
	default:
		err = fmt.Errorf("no such command")
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "go-checker:", err)
	if bad := (*untrusted)(nil); errors.As(err, &bad) {
		os.Exit(3)
	}
	os.Exit(1)
}
