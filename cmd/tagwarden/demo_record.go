package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
	"github.com/valyala/fasthttp"

	"github.com/tagwarden/tagwarden/proxy/ledger"
	"github.com/tagwarden/tagwarden/proxy/ledger/audit"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/ledger/tree"
	"github.com/tagwarden/tagwarden/proxy/ledger/words"
)

// shownRecord is a record of the forwarding log as the page shows it.
type shownRecord struct {
	Number uint64 `json:"number"`
	Says   string `json:"says"`   // in words
	Proved string `json:"proved"` // what its proof proves, once it was checked; "": no checkpoint covers it yet
}

// shownLog is what the log says of a hit, and how the reader asks it the same.
type shownLog struct {
	Records  []shownRecord `json:"records"`
	Waits    bool          `json:"waits"` // for a checkpoint: the server signs one every few seconds
	Key      string        `json:"key"`   // the log's public key
	Commands []string      `json:"commands"`
}

// recordedWithin is how long the record of a hit is waited for.
const recordedWithin = time.Second

// recorded finds the number that the log has given to the hit that was passed on just now; 0: the log has none of it.
func (s *demoSite) recorded() (hit uint64) {
	within, cancel := context.WithTimeout(context.Background(), recordedWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		hit, err := s.readOn(within)
		if hit != 0 || err != nil {
			return hit
		}
		select {
		case <-tick.C:
		case <-within.Done():
			return 0
		}
	}
}

// readOn reads the records that the log has got since it did so last, and returns the number of the newest hit among
// them; 0: there is none.
func (s *demoSite) readOn(ctx context.Context) (hit uint64, err error) {
	q := &query.Question{Numbers: query.Range{First: s.next}}
	_, err = query.Open(s.demo.ledger(), query.Options{}).Ask(ctx, q, func(found *query.Found) bool {
		s.next = max(s.next, found.Number+1)
		if string(ledger.KindOf(found.Record)) == ledger.KindEvent {
			hit = gjson.GetBytes(found.Record, "hit").Uint()
		}
		return true
	})
	return hit, err
}

// record answers what the log says of a hit: its records in words, and what their proofs prove.
func (s *demoSite) record(ctx *fasthttp.RequestCtx) {
	hit := string(ctx.QueryArgs().Peek("hit"))
	if _, err := strconv.ParseUint(hit, 10, 63); err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	said, err := s.demo.saidOf(hit)
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	answerJSON(ctx, said)
}

// saidOf asks the log about a hit.
func (d *demonstration) saidOf(hit string) (*shownLog, error) {
	dir := d.ledger()
	key, err := readNamed(filepath.Join(dir, ledger.KeyFile), mostNamed)
	if err != nil {
		return nil, err
	}
	said := &shownLog{Key: string(key)}
	q := new(query.Question).And("hit", hit)
	_, err = query.Open(dir, query.Options{}).Ask(context.Background(), q, func(found *query.Found) bool {
		line := words.Line(found.Record, words.Names{Shape: found.Shape, Rungs: found.Rungs, Wide: true})
		said.Records = append(said.Records, shownRecord{Number: found.Number, Says: line})
		return true
	})
	if err != nil {
		return nil, err
	}
	for i := range said.Records {
		r := &said.Records[i]
		if r.Proved, err = d.proved(r.Number, string(key)); err != nil {
			return nil, err
		}
		said.Waits = said.Waits || r.Proved == ""
	}
	said.Commands = []string{fmt.Sprintf("tagwarden logs search --dir %s --hit %s", dir, hit)}
	if len(said.Records) > 0 {
		number := said.Records[0].Number
		said.Commands = append(said.Commands,
			fmt.Sprintf("tagwarden logs prove %d --dir %s --out record-%d.json", number, dir, number),
			fmt.Sprintf("tagwarden logs check-proof record-%d.json --key %s", number, filepath.Join(dir, ledger.KeyFile)))
	}
	return said, nil
}

// proved makes the proof of a record, checks it by the log's key, and says what it proves; ""
// where no checkpoint covers the record yet.
func (d *demonstration) proved(number uint64, key string) (string, error) {
	proof, err := audit.Prove(d.ledger(), number, "")
	if errors.Is(err, audit.ErrNotSigned) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	by, err := tree.ParseKey(key)
	if err != nil {
		return "", err
	}
	says, err := audit.CheckProof(proof, by)
	if err != nil {
		return "", err
	}
	return says.String(), nil
}

// proof answers with the proof of a record, as `logs prove` writes it.
func (s *demoSite) proof(ctx *fasthttp.RequestCtx) {
	number, err := strconv.ParseUint(string(ctx.QueryArgs().Peek("record")), 10, 63)
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusBadRequest)
		return
	}
	proof, err := audit.Prove(s.demo.ledger(), number, "")
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusNotFound)
		return
	}
	ctx.Response.Header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="record-%d.json"`, number))
	ctx.SetContentType("application/json")
	ctx.SetBody(proof)
}

// answerJSON answers with a value.
func answerJSON(ctx *fasthttp.RequestCtx, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(text)
}
