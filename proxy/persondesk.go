package proxy

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/proxy/api"
	"github.com/tagwarden/tagwarden/proxy/ledger/dossier"
	"github.com/tagwarden/tagwarden/proxy/ledger/query"
	"github.com/tagwarden/tagwarden/proxy/objection"
)

// personDesk says what the ledger holds about one person.
type personDesk struct {
	*recordsDesk
	now      func() time.Time
	standing func([]objection.ID, []objection.Subject) ([]string, error)
}

var _ api.Subjects = (*personDesk)(nil)

// Subject says it as package dossier does.
func (d *personDesk) Subject(ctx context.Context, ask api.SubjectAsk) (api.SubjectAnswer, error) {
	ctx, end := context.WithTimeout(ctx, longestAnswer)
	defer end()
	loaded := d.inForce().Loaded
	q := query.Question{}
	d.words.Tell(&q, loaded, true, func(string) {})
	asked := dossier.Asked{At: d.now().UTC(), Subjects: ask.Hashes, Since: ask.Since.UTC(), Until: ask.Until.UTC(),
		IDs: MaskedIDs(ask.Given), Nobody: ask.Nobody}
	report, err := dossier.Gather(ctx, query.Open(d.dir, query.Options{}), asked,
		d.words.PersonNames(&q, loaded, asked.At))
	if err != nil {
		return api.SubjectAnswer{}, tooMuch(err)
	}
	if len(ask.IDs) > 0 {
		if report.InForce, err = d.standing(ask.IDs, nil); err != nil {
			return api.SubjectAnswer{}, err
		}
		if report.InForce == nil {
			report.InForce = []string{}
		}
	}
	return api.SubjectAnswer{Answer: report, Records: report.Log.About}, nil
}

// MaskedIDs are identifiers as they may be shown to whoever asked about them.
func MaskedIDs(ids []objection.ID) (all []string) {
	for _, id := range ids {
		masked := objection.Mask(id)
		all = append(all, masked.Name+" "+masked.Is)
	}
	return all
}
