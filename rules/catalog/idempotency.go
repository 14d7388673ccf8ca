package catalog

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/plural"
)

// IdempotencyFile is how a vendor knows an event that comes again, as it documents it.
type IdempotencyFile struct {
	Field string `yaml:"field"` // of class event_id, by path: two events that have the same there count once
	Hours int    `yaml:"hours"` // for so long; 0: for good
	// With are fields that it compares as well, and makes up itself where they are missing.
	With []string `yaml:"with"`
}

// Within is for how long after an event first came it counts once; 0: for good.
func (f *IdempotencyFile) Within() time.Duration { return time.Duration(f.Hours) * time.Hour }

// Idempotency is an [IdempotencyFile] made ready for one endpoint.
type Idempotency struct {
	Field  int32 // hit.None: an event that comes again may count twice
	With   []int32
	Within time.Duration // 0: for good
}

// repeats finds the fields by which an event that comes again is known here.
func (e *Endpoint) repeats(b *builder, f *IdempotencyFile) error {
	e.Repeats.Field = hit.None
	if f == nil || e.Kind != Events {
		return nil
	}
	at := b.find(e.fields, f.Field)
	if at == hit.None {
		return nil
	}
	if field := &b.fields[at]; field.Class != hit.EventID || field.Stamp == hit.NoStamp {
		return fmt.Errorf("idempotency: %q is no id of the event: its class is %s", f.Field, field.Class)
	}
	if f.Hours < 0 {
		return fmt.Errorf("idempotency: %s are no time", plural.Of(f.Hours, "hour"))
	}
	e.Repeats = Idempotency{Field: at, Within: f.Within()}
	for _, name := range f.With {
		with := b.find(e.fields, name)
		if with == hit.None {
			return fmt.Errorf("idempotency: %q is not among fields", name)
		}
		e.Repeats.With = append(e.Repeats.With, with)
	}
	return nil
}

// repeated tells whether a vendor's field for events that come again is one of it.
func (v *Vendor) repeated() error {
	f := v.File.Idempotency
	if f == nil {
		return nil
	}
	for i := range v.Endpoints {
		if v.Endpoints[i].Repeats.Field != hit.None {
			return nil
		}
	}
	return fmt.Errorf("idempotency: no endpoint has the field %q", f.Field)
}
