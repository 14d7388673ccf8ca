package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/config/durable"
)

// begunSuffix is the end of the name of the file beside an export that says what it was begun with.
const begunSuffix = ".begun"

// exportBegun is what an export to a file was begun with: who goes on with it has to ask the same, in the same form.
type exportBegun struct {
	Format string    `json:"format"`
	Asked  []string  `json:"asked"`          // as flags say it, in order
	Since  time.Time `json:"since,omitzero"` // what times come to that count from when it was begun: 7d
	Until  time.Time `json:"until,omitzero"`
}

// begun is what the flags say. Persons stand there by the hashes that records have.
func (x *recordExport) begun() *exportBegun {
	q := x.q
	of := &exportBegun{Format: x.form, Asked: []string{}, Since: q.of.Since, Until: q.of.Until}
	for _, c := range q.of.Where {
		values := slices.Clone(c.Values)
		slices.Sort(values)
		of.Asked = append(of.Asked, c.Member+"="+strings.Join(slices.Compact(values), ","))
	}
	if q.sinceAs != "" {
		of.Asked = append(of.Asked, "since="+q.sinceAs)
	}
	if q.untilAs != "" {
		of.Asked = append(of.Asked, "until="+q.untilAs)
	}
	if n := x.number; n.First > 0 || n.End > 0 {
		of.Asked = append(of.Asked, fmt.Sprintf("number=%d-%d", n.First, n.End))
	}
	slices.Sort(of.Asked)
	return of
}

// words are what was asked, for people.
func (b *exportBegun) words() string {
	if len(b.Asked) == 0 {
		return "all records"
	}
	return strings.Join(b.Asked, " ")
}

// write puts it beside the file.
func (b *exportBegun) write(out string) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return durable.Files{}.Replace(out+begunSuffix, append(text, '\n'), 0o600)
}

// holdAgainst tells why a file cannot be gone on with, by what it was begun with. Where
// that is known, times count from then.
func (x *recordExport) holdAgainst(now *exportBegun) error {
	text, err := readNamed(x.out+begunSuffix, mostNamed)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(x.out); errors.Is(err, fs.ErrNotExist) {
			return now.write(x.out)
		}
		x.t.hint("nothing beside %s says what it was begun with (%s): that it is the same question is not looked at",
			x.out, begunSuffix)
		return nil
	}
	if err != nil {
		return err
	}
	of := new(exportBegun)
	if err := json.Unmarshal(text, of); err != nil {
		return fmt.Errorf("%s does not say what it was begun with: take that file away where you know that it is the same "+
			"question",
			x.out+begunSuffix)
	}
	if of.Format != now.Format {
		return fmt.Errorf("it was begun with --format %s, and this is %s", of.Format, now.Format)
	}
	if !slices.Equal(of.Asked, now.Asked) {
		return fmt.Errorf("it was begun with another question, %s, and this is %s: ask the same, or write to another file",
			of.words(), now.words())
	}
	x.q.of.Since, x.q.of.Until = of.Since, of.Until
	return nil
}
