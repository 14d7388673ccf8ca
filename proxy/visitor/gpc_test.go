package visitor_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/objection"
	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules"
)

// california is where an opt-out is kept, virginia where one is possible.
var (
	california = visitor.Where{Region: states("US-CA")[0], OptOut: true, Keeps: true}
	virginia   = visitor.Where{Region: states("US-VA")[0], OptOut: true}
)

func states(codes ...string) (all []rules.Region) {
	for _, code := range codes {
		region, err := rules.ParseRegion(code)
		if err != nil {
			panic(err)
		}
		all = append(all, region)
	}
	return all
}

// sells has one purpose of the site be what laws of the US let people opt out of: "Ask for opinions".
func (w *world) sells() {
	for i := range w.site.Languages {
		p := &w.site.Languages[i].Purposes[2]
		p.US, p.Sale = true, true
		p.Flows = append(p.Flows, visitor.Flow{Vendor: "ga4", When: visitor.UntilOptOut, Basis: visitor.Basis{
			Name: "Opt-out under your state's law", Article: "laws of your state on opting out",
		}, Regions: states("US-CA", "US-VA")})
	}
}

// TestGPCOnThePage: it says whether the browser sends the signal, and what that means here: nothing else.
func TestGPCOnThePage(t *testing.T) {
	const (
		sent, unsent     = "Your browser sends the signal Global", "does not send the signal Global"
		unclear          = "in the place of the signal Global Privacy Control that cannot be read"
		unread           = "This site does not read it"
		none             = "It counts for none of the purposes above"
		objects          = "it counts as an objection to:"
		honored, optsOut = "Opt-Out Request Honored", "it opts you out of the sale and sharing"
		states           = "Where you seem to be now it does not count"
		consent          = "a consent that you gave to this very site counts all the same"
		kept, keptNone   = "The opt-out is kept", "no identifier that the opt-out could be kept under"
		keptUnclear      = "What cannot be read is not kept"
		before           = "If this browser sent the signal before"
		later            = "A consent that you give later to this very site takes precedence"
		status           = "By your browser&#39;s signal Global Privacy Control you said no to:"
		statusNone       = "No objection or withdrawal is on record"
		statusUnknown    = "This page knows of no objection or withdrawal"
		dnt              = "Do Not Track"
	)
	all := []string{
		sent, unsent, unclear, unread, none, objects, honored, optsOut, states, consent, kept, keptNone,
		keptUnclear, before, later,
		status, statusNone, statusUnknown, dnt,
	}
	for _, c := range []struct {
		what   string
		where  visitor.Where
		sells  bool
		object bool
		read   bool
		gpc    string
		id     bool
		says   []string
	}{
		{"not read", california, true, true, false, "1", true, []string{sent, unread, statusUnknown}},
		{"not read and not readable", california, true, true, false, "yes", true, []string{unsent, unread, statusUnknown}},
		{"read and ignored", california, false, false, true, "1", true, []string{sent, none, statusUnknown}},
		{"read and not sent", california, false, true, true, "", true, []string{unsent, objects, statusUnknown}},
		{"0 is no signal", california, false, true, true, "0", true, []string{unsent, objects, statusUnknown}},
		{"an objection", visitor.Where{}, false, true, true, "1", true, []string{sent, objects, status}},
		{"what cannot be read", visitor.Where{}, false, true, true, "yes", true, []string{unclear, objects, status}},
		{"in California", california, true, false, true, "1", true, []string{sent, honored, kept, later}},
		{"merged fields", california, true, false, true, "1, 1", true, []string{sent, honored, kept, later}},
		{"in California without an id", california, true, false, true, "1", false, []string{sent, honored, keptNone}},
		{"in California, unread", california, true, false, true, "yes", true, []string{unclear, honored, keptUnclear}},
		{"in California, not sent", california, true, false, true, "", true,
			[]string{unsent, optsOut, before, statusUnknown}},
		{"in California, not sent, no id", california, true, false, true, "", false, []string{unsent, optsOut, statusNone}},
		{"in Virginia", virginia, true, false, true, "1", true, []string{sent, honored, consent}},
		{"in Germany", visitor.Where{}, true, false, true, "1", true, []string{sent, none, states, statusUnknown}},
		{"both", california, true, true, true, "1", true, []string{sent, honored, objects, kept, later, status}},
		{"an objection to the same, in California", california, true, true, true, "1", true, []string{sent, honored, kept}},
		{"an objection to the same, in Virginia", virginia, true, true, true, "1", true, []string{sent, honored}},
	} {
		w := serve(t)
		w.where, w.site.ReadsGPC = c.where, c.read
		if c.sells {
			w.sells()
		}
		for i := range w.site.Languages {
			same := strings.HasPrefix(c.what, "an objection to the same")
			w.site.Languages[i].Purposes[1].GPC, w.site.Languages[i].Purposes[2].GPC = c.object && !same, same
		}
		b := w.browser()
		if c.id {
			b = w.browser("_ga=123.456")
		}
		b.headers["Sec-GPC"] = c.gpc
		page := b.get("/privacy/").text
		for _, text := range all {
			wanted := false
			for _, one := range c.says {
				wanted = wanted || one == text
			}
			if strings.Contains(page, text) != wanted {
				t.Errorf("%s: that it says %q is %v", c.what, text, !wanted)
			}
		}
	}
}

// TestDNTOnThePage: Do Not Track is spoken of where the site reads it.
func TestDNTOnThePage(t *testing.T) {
	w := serve(t)
	b := w.browser()
	b.headers["DNT"] = "1"
	says := func(wanted ...string) {
		t.Helper()
		page := b.get("/privacy/").text
		for _, text := range wanted {
			if !strings.Contains(page, text) {
				t.Errorf("it does not say %q", text)
			}
		}
	}
	w.site.ReadsDNT = true
	says("Your browser sends the signal Do Not Track. It counts for none")
	for i := range w.site.Languages {
		w.site.Languages[i].Purposes[0].DNT = true
	}
	says("it counts as an objection to:", "signal Do Not Track you said no to:", "<li>Measure the audience of our pages")
	b.headers["DNT"] = "0"
	says("does not send the signal Do Not Track", "No objection or withdrawal is on record")
	b.headers["DNT"] = "maybe"
	says("in the place of the signal Do Not Track that cannot be read")
}

// TestGPCForAFrontEnd: a site's own line is true for this browser.
func TestGPCForAFrontEnd(t *testing.T) {
	w := serve(t)
	w.sells()
	b := w.browser("_ga=123.456")
	is := func(what, want string) {
		t.Helper()
		if a := b.get("/privacy/gpc"); a.text != want || a.header("Content-Type") != "application/json" ||
			a.header("Cache-Control") != "no-store" {
			t.Errorf("%s: %s", what, a.text)
		}
	}
	is("nothing is sent", `{"sent":false,"read":true,"honored":false,"kept":false,"purposes":["own-product-ads"],`+
		`"text":""}`)
	b.headers["Sec-GPC"] = "1"
	is("an objection", `{"sent":true,"read":true,"honored":true,"kept":false,"purposes":["own-product-ads"],`+
		`"text":"Your browser's Global Privacy Control signal counts here as an objection."}`)
	const line = "Opt-Out Request Honored: your browser's Global Privacy Control signal has opted you out of the sale " +
		"and sharing of your data, and of targeted advertising."
	w.where = california
	const both = `"purposes":["own-product-ads","surveys"],"text":"` + line + `"}`
	is("in California", `{"sent":true,"read":true,"honored":true,"kept":true,`+both)
	b.headers["Sec-GPC"] = "yes"
	is("what cannot be read", `{"sent":true,"read":true,"honored":true,"kept":false,`+both)
	b.headers["Sec-GPC"], b.headers["Accept-Language"], w.site.ReadsGPC = "1", "de", false
	is("not read", `{"sent":true,"read":false,"honored":false,"kept":false,"purposes":[],`+
		`"text":"Diese Website liest das Signal Global Privacy Control Ihres Browsers nicht."}`)
	b.headers["Origin"] = "https://shop.example"
	if a := b.get("/privacy/gpc"); a.header("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Error("a page of the site's cannot read it")
	}
	if a := b.post("/privacy/gpc", "x=1"); a.StatusCode() != 405 {
		t.Errorf("%d", a.StatusCode())
	}
}

// TestKeptIsTakenBack: a browser that does not send the signal takes back what is kept for its ids, with no proof; what
// others objected to stands, and so does everything while the signal is sent.
func TestKeptIsTakenBack(t *testing.T) {
	const key = "client_id:ga4=123.456"
	for _, c := range []struct {
		what, body, gpc string
		json, taken     bool
	}{
		{"the button", "do=kept", "", false, true},
		{"everything", "do=back", "", false, true},
		{"from a front end", `{"take_back":{"all":true}}`, "", true, true},
		{"0 is no signal", "do=kept", "0", false, true},
		{"with the signal", "do=kept", "1", false, false},
		{"everything, with the signal", "do=back", "1", false, false},
		{"with what cannot be read", "do=kept", "yes", false, false},
		{"from a front end with the signal", `{"take_back":{"all":true}}`, "1", true, false},
		{"something else", "do=save&shown=own-product-ads", "", false, false},
	} {
		w := serve(t)
		w.where = california
		w.sells()
		w.store.role(key, "own-product-ads")
		w.store.put(key, objection.Holder{Kind: objection.Kept}, []string{objection.KeptOptOut})
		b := w.browser("_ga=123.456")
		b.headers["Sec-GPC"] = c.gpc
		if c.json {
			b.json(c.body)
		} else {
			page := b.follow("/privacy/", c.body).text
			if strings.Contains(page, "is no longer kept for this browser") != (c.body == "do=kept" && c.taken) {
				t.Errorf("%s: %s", c.what, page)
			}
		}
		want := "kept_opt_out/own-product-ads"
		if c.taken {
			want = "own-product-ads"
		}
		if got := w.store.of(key); got != want {
			t.Errorf("%s: %q stands, want %q", c.what, got, want)
		}
	}
	// What may be the name of an account is nobody's to take back for.
	w := serve(t)
	w.sells()
	w.store.put("user_id=u-1", objection.Holder{Kind: objection.Kept}, []string{objection.KeptOptOut})
	w.browser("uid=u-1").post("/privacy/", "do=kept")
	if w.store.of("user_id=u-1") == "" || len(w.only) > 0 {
		t.Error("it was taken back by a name")
	}
}

// TestKeptByLink: a personal link shows what is kept, and takes it back with everything.
func TestKeptByLink(t *testing.T) {
	w := serve(t)
	w.sells()
	claim := visitor.Claim{Kind: visitor.Manage, Subjects: []objection.Subject{{Space: "user_id", Hash: [16]byte{1}}}}
	token, err := visitor.Sign(&testKey, claim)
	if err != nil {
		t.Fatal(err)
	}
	key := string(claim.Subjects[0].Hash[:])
	w.store.put(key, objection.Holder{Kind: objection.Kept}, []string{objection.KeptOptOut})
	b := w.browser()
	const kept = "the sale and sharing of your data, and targeted advertising, by your browser"
	if page := b.get("/privacy/u/" + token); !strings.Contains(page.text, kept) {
		t.Error(page.text)
	}
	b.post("/privacy/u/"+token, "do=back")
	last := w.store.acts[len(w.store.acts)-1].Change
	if last.Holder.Kind != objection.ByLink || strings.Join(last.TakeBack, " ") != "all kept_opt_out" {
		t.Errorf("%+v", last)
	}
}
