package ledger_test

import "github.com/tagwarden/tagwarden/proxy/ledger"

// named says what names stand for.
type named struct{}

func (named) Shape(int) ledger.Shape {
	return ledger.Shape{Kept: []string{"v"}, Changed: []string{"cid"}, Dropped: []string{"*"}}
}

func (named) Rungs(int) ledger.Rungs {
	return ledger.Rungs{
		Policy: "fedc", Site: "shop", Region: "DE", Vendor: "ga4", Endpoint: "collect",
		Ladder:  []ledger.Rung{{Activity: "ga4-with-consent", Decision: "permit", Reason: "permitted"}},
		Signals: []ledger.Signal{{Source: "own", State: "valid", Says: "grants analytics", Granted: []string{"analytics"}}},
	}
}
