package basis

import "testing"

func plain(text string) Text { return Text{"": text} }

// newest is a document that says all that there is to say, by language and not.
func newest() *Assessment {
	a := sample()
	a.Title = Text{"en": "Counting", "de": "Zählen"}
	a.ThirdParties, a.Balancing.Evidence = plain("other customers"), plain("asked")
	a.Balancing.RefusedBefore = Text{"en": "no", "fr": "non"}
	a.Effects = []Effect{
		{Text{"en": "seen", "de": "gesehen"}, "low", "medium", plain("cut")}, {plain("judged"), "high", "low", plain("said")},
	}
	a.Conclusion, a.DPOAdvice = plain("it prevails"), Text{"en": "do it"}
	a.Consulted = []Text{plain("works council"), {"en": "visitors"}}
	return a
}

func TestTextIn(t *testing.T) {
	for _, test := range []struct {
		text     Text
		lang     string
		said, in string
	}{
		{Text{"": " one\n text "}, "de", "one text", ""},
		{Text{"en": "one", "de": "eins"}, "de", "eins", "de"},
		{Text{"en": "one", "de-AT": "eins"}, "de", "eins", "de-AT"},
		{Text{"en": "one", "de": "eins"}, "fr", "one", "en"},
		{Text{"fr": "un", "de": "eins"}, "en", "eins", "de"},
		{Text{"fr": "une fois\u00a0: \n deux\u202f?"}, "fr", "une fois\u00a0: deux\u202f?", "fr"},
		{nil, "en", "", ""},
	} {
		if said, in := test.text.In(test.lang); said != test.said || in != test.in {
			t.Errorf("%v in %s: %q in %q", test.text, test.lang, said, in)
		}
	}
	if got := (Text{"en": "one", "de": " eins\n"}).All(); got != "eins\none" {
		t.Errorf("%q", got)
	}
}
