package rules_test

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/rules"
	"github.com/tagwarden/tagwarden/rules/basis"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/hit"
	"github.com/tagwarden/tagwarden/rules/minimise"
	"github.com/tagwarden/tagwarden/rules/signal"
)

// shopPolicy is a policy as a folder of files would compile to it: page views are measured of those who said yes.
func shopPolicy() *rules.Policy {
	matomo, _ := catalog.Builtin("matomo")
	p, err := rules.Compile(&rules.Draft{
		Digest: "of an example",
		Limits: rules.Limits{Body: 1 << 20, Decompressed: 8 << 20, Events: 100, Depth: 64, Fields: 200, Nodes: 2000},
		Sites: []rules.DraftSite{{
			ID: "shop", Hosts: []string{"shop.example"},
			Signals: []signal.Source{{
				Kind: signal.Own, Cookie: "choice", Category: "analytics",
				Granted: []string{"yes"}, Refused: []string{"no"},
			}},
		}},
		Purposes: []rules.Purpose{{ID: "audience-measurement", Categories: []string{"analytics"}}},
		Vendors: []rules.DraftVendor{{
			ID: "matomo", Catalog: matomo, Upstreams: map[string]string{"api": "https://matomo.example"},
		}},
		Activities: []rules.DraftActivity{{
			ID: "matomo-with-consent", Vendor: "matomo", Purposes: []string{"audience-measurement"},
			Basis: basis.Consent, Profile: "pages", Events: []string{"*"},
		}},
		Profiles: []rules.DraftProfile{{ID: "pages", Classes: map[string]minimise.Spec{
			"event_name": {Kind: minimise.Keep}, "account": {Kind: minimise.Keep}, "technical": {Kind: minimise.Keep},
			"url": {Kind: minimise.Generalise, Generalise: "origin"},
		}}},
	})
	if err != nil {
		panic(err)
	}
	return p
}

// pageViewOf is a page view of a visitor with that cookie, as a server received it.
func pageViewOf(cookie string) hit.Request {
	return hit.Request{
		Method: []byte("GET"), Host: []byte("shop.example"), Path: []byte("/matomo.php"),
		Query:   []byte("idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2Faccount%2F12345&action_name=My+orders"),
		Headers: []hit.Header{{Name: []byte("Cookie"), Value: []byte(cookie)}},
	}
}

// A server reads a hit, looks up who objected, and judges it. What is left of it is in Out.
func ExampleJudge() {
	policy := shopPolicy()
	in := rules.Inputs{Now: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	var j rules.Judgement
	for _, cookie := range []string{"choice=yes", "choice=no"} {
		j.Reset()
		j.Hit.Request = pageViewOf(cookie)
		if reason := rules.Read(policy, &j, &in, nil); reason != rules.Unjudged {
			fmt.Println("refused:", reason)
			continue
		}
		for range j.Hit.Events {
			j.Objections = append(j.Objections, rules.Objections{}) // nobody objected
		}
		if reason := rules.Judge(&j, &in); reason != rules.Unjudged {
			fmt.Println("refused:", reason)
			continue
		}
		f := j.Facts(0)
		fmt.Printf("%s: %s, %s by %s; forwarded: %q\n", cookie, f.Decision, f.Reason, f.Activity, j.Out.Query)
	}
	// Output:
	// choice=yes: permit, permitted by matomo-with-consent; forwarded: "idsite=1&rec=1&url=https%3A%2F%2Fshop.example%2F"
	// choice=no: deny, consent_refused by matomo-with-consent; forwarded: ""
}

// Explaining is judging: what it says of a hit is what a server would do with it.
func ExamplePolicy_Explain() {
	x, err := shopPolicy().Explain(&rules.Question{
		Request: pageViewOf("choice=yes"), Objections: []string{"audience-measurement"},
		At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range x.Events {
		for _, rung := range e.Ladder {
			fmt.Println(rung.Activity, rung.Decision, rung.Reason)
		}
	}
	fmt.Println("the SDK gets", x.Respond.Status)
	// Output:
	// matomo-with-consent deny objection
	// the SDK gets 200
}
