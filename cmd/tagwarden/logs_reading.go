package main

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"github.com/tagwarden/tagwarden/proxy"
	"github.com/tagwarden/tagwarden/proxy/api"
)

// logReading is a reading of a ledger's folder that was recorded when it began.
type logReading struct {
	t    *terminal
	data string // the data folder; "": the reading is not recorded
	id   string
}

// readingAsk is how a running server is told that a command reads the ledger's files.
type readingAsk struct {
	Verb   string     `json:"verb"`
	Asked  []string   `json:"asked,omitempty"`
	From   *time.Time `json:"from,omitempty"`
	To     *time.Time `json:"to,omitempty"`
	Number *uint64    `json:"number,omitempty"`

	Subjects []string `json:"subjects,omitempty"` // as records name them, in hexadecimal
}

// waitsForServer is how long a command waits for who holds the data folder to take commands, or to give it back.
const waitsForServer = 3 * time.Second

// beginReading has it recorded that a ledger's folder is read: through the socket of the server that runs on it, else
// by itself. Nothing is to be shown before that. A copy of a ledger records nothing, which is said; where a server's
// own ledger cannot record it, the verb ends with the code.
func beginReading(ctx context.Context, t *terminal, dir string, of readingAsk) (*logReading, int) {
	whole, err := filepath.Abs(dir)
	if err != nil {
		return nil, t.failed(err)
	}
	r := &logReading{t: t, data: filepath.Dir(whole)}
	err = r.reach(ctx, func(log api.Readings) (err error) {
		reading := api.Reading{
			By: "operator", Verb: of.Verb, Through: api.ThroughCommand, Asked: of.Asked, Number: of.Number,
		}
		if of.From != nil {
			reading.From = *of.From
		}
		if of.To != nil {
			reading.To = *of.To
		}
		for _, text := range of.Subjects {
			var hash [16]byte
			if n, err := hex.Decode(hash[:], []byte(text)); err != nil || n != len(hash) {
				return errors.New("a subject is none")
			}
			reading.Subjects = append(reading.Subjects, hash)
		}
		r.id, err = log.Begin(reading)
		return err
	}, func(c *client) error {
		var begun api.ReadingBegun
		err := c.call(ctx, http.MethodPost, "/ledger/readings", of, &begun)
		r.id = begun.Reading
		return err
	})
	switch {
	case err == nil:
		return r, fine
	case errors.Is(err, proxy.ErrCopy):
		printf(t.err, "%s: %v\n", dir, err)
		return &logReading{t: t}, fine
	case errors.Is(err, proxy.ErrNoReading):
		printf(t.err, "%s: that it is read is not recorded: %v\n", dir, err)
		return &logReading{t: t}, fine
	}
	code := t.failed(err)
	t.hint("nothing is shown, as it cannot be recorded that it was; a copy of the folder can be read without that")
	return nil, code
}

// end has it recorded how many records were shown, and returns the exit code that the verb ends with.
func (r *logReading) end(ctx context.Context, shown, code int) int {
	if r.data == "" {
		return code
	}
	err := r.reach(context.WithoutCancel(ctx), func(log api.Readings) error {
		return log.End(r.id, "operator", shown)
	}, func(c *client) error {
		ended := map[string]any{"reading": r.id, "records": shown}
		return c.call(context.WithoutCancel(ctx), http.MethodPost, "/ledger/readings/end", ended, &struct{}{})
	})
	if err != nil {
		r.t.fail("that the log is read is recorded, and not how much of it: %v", err)
		return max(code, usage)
	}
	return code
}

// reach does something with the ledger of a data folder on which no server runs, or with the server that does. Who
// holds the folder may be about to start, or to end: it is tried again.
func (r *logReading) reach(ctx context.Context, here func(api.Readings) error, there func(*client) error) error {
	late := time.NewTimer(waitsForServer)
	defer late.Stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		shut, err := proxy.ReadStopped(r.data, proxy.Options{Node: r.t.node, Version: version, Now: r.t.now}, here)
		if !errors.Is(err, proxy.ErrLocked) {
			r.t.sayShut(shut)
			return err
		}
		server := &client{client: &http.Client{Transport: proxy.ControlTransport(r.data)}}
		if err = there(server); !errors.Is(err, proxy.ErrUnreachable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return err
		case <-again.C:
		}
	}
}
