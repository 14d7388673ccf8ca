package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"github.com/tidwall/gjson"

	"github.com/tagwarden/tagwarden/proxy/segment"
)

// ErrRecord says that bytes are no record of an event.
var ErrRecord = errors.New("the bytes are no record of an event")

// ParseEvent reads the record of an event, as [Lines.Of] gives it, so that it can be recorded again: without the
// names of what stood in its segment alone.
func ParseEvent(lines []byte) (e Event, err error) {
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte{'\n'})
		if !segment.CheckLine(line) || string(kindOf(line)) != KindEvent {
			return Event{}, ErrRecord
		}
		if err := e.read(gjson.ParseBytes(line)); err != nil {
			return Event{}, err
		}
	}
	if e.Hit == 0 || e.Vendor == "" {
		return Event{}, ErrRecord
	}
	return e, nil
}

// read adds what one line says.
func (e *Event) read(line gjson.Result) error {
	line.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "hit":
			e.Hit = value.Uint()
		case "event":
			e.Index = int(value.Int())
		case "site":
			e.Site = value.Str
		case "vendor":
			e.Vendor = value.Str
		case "endpoint":
			e.Endpoint = value.Str
		case "name":
			e.Name = value.Str
		case "decision":
			e.Decision = value.Str
		case "reason":
			e.Reason = value.Str
		case "activity":
			e.Activity = value.Str
		case "basis":
			e.Basis = value.Str
		case "assessment":
			e.LIA = value.Str
		case "assessment_version":
			e.Version = int(value.Int())
		case "policy":
			e.Policy = value.Str
		case "region":
			e.Region = value.Str
		case "consent_at":
			e.ConsentAt = instantIn(value)
		case "kept_since":
			e.KeptSince = instantIn(value)
		case "objections":
			for _, scope := range value.Array() {
				e.Objected = append(e.Objected, scope.Str)
			}
		case "restriction":
			e.Restrict = value.Bool()
		case "decided":
			e.Decided = value.Uint()
		case "form":
			e.Form = uint8(value.Uint())
		case "bytes_in":
			e.In = int(value.Int())
		case "bytes_out":
			e.Out = int(value.Int())
		case "queued":
			e.Queued = value.Bool()
		case "shared":
			e.Shared = value.Bool()
		case "taken":
			e.Taken = value.Str
		}
		return true
	})
	return e.readHashes(line)
}

// readHashes adds the hashes that a line holds.
func (e *Event) readHashes(line gjson.Result) error {
	for _, text := range line.Get("subjects").Array() {
		hash, err := hex.DecodeString(text.Str)
		if err != nil || len(hash) != len(e.Salt) {
			return ErrRecord
		}
		e.Subjects = append(e.Subjects, [16]byte(hash))
	}
	if len(e.Subjects) > 0 && e.Form == 0 {
		e.Form = 1
	}
	for member, into := range map[string][]byte{"digest": e.Digest[:], "salt": e.Salt[:]} {
		text := line.Get(member)
		if !text.Exists() {
			continue
		}
		b, err := base64.RawStdEncoding.DecodeString(text.Str)
		if err != nil || len(b) != len(into) {
			return ErrRecord
		}
		if member == "digest" || e.Salt == [16]byte{} { // each part has a salt of its own; the digest is under the first
			copy(into, b)
		}
	}
	return nil
}

func instantIn(text gjson.Result) int64 {
	at, err := time.Parse(time.RFC3339, text.Str)
	if err != nil {
		return 0
	}
	return at.Unix()
}
