package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/keys"
	"github.com/tagwarden/tagwarden/proxy/ledger"
)

// seeded writes to the log of a data folder on which no server runs, behind the program's back and
// with its keys: events of some days ago, and one of now that left though its visitor had objected,
// with a name that nobody would give it.
func seeded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: seeded data-folder days")
	}
	days, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := ts.MkAbs(args[0])
	dir := filepath.Join(data, "ledger")
	var objector [16]byte
	ts.Check(ledger.Search(dir, ledger.Query{Members: map[string]string{"kind": ledger.KindObjection}},
		func(record []byte) bool {
			_, err := hex.Decode(objector[:], []byte(gjson.GetBytes(record, "subjects.0").Str))
			ts.Check(err)
			return true
		}))
	seed := func(now func() time.Time, event ledger.Event) {
		store, err := keys.Open(keys.Options{Dir: proxy.KeysDir(data), Now: time.Now})
		ts.Check(err)
		l, err := ledger.Open(ledger.Options{
			Dir: dir, Node: "elsewhere", Now: now, Origin: ledger.OriginOf(dir), Known: filepath.Join(proxy.KeysDir(data),
				ledger.CheckpointFile),
			Seed: func(origin string) [ed25519.SeedSize]byte { return store.State().CheckpointKey(origin) },
		}, ledger.Note{Kind: ledger.KindStart, Text: "version 0, by hand"})
		ts.Check(err)
		event.Hit, event.Site, event.Vendor, event.Decision, event.Reason = uint64(now().UnixMicro()), "shop",
			"ga4", "permit", "permitted"
		event.Activity, event.Basis, event.Rungs, event.Shape, event.Policy = "counting", "consent", "", "", "0000"
		ts.Check(errors.Join(l.Append([]ledger.Event{event}, nil),
			l.Outcome(ledger.Outcome{Hit: event.Hit, Events: []int{0}, Outcome: ledger.Delivered, Why: "ok"}), l.Close()))
	}
	seed(func() time.Time { return time.Now().AddDate(0, 0, -days) }, ledger.Event{Name: "page_view"})
	seed(time.Now, ledger.Event{Name: "\x1b[31m<script>\n</td>", Form: 2, Subjects: [][16]byte{objector}})
}
