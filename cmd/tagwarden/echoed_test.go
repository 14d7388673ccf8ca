package main

import (
	"flag"
	"strings"
	"testing"
)

// TestEchoed: what may name a person is not shown, and what a slip of the fingers is.
func TestEchoed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"yesterday": `"yesterday"`, "xml": `"xml"`, "": `""`, "3-2": `"3-2"`, "2026-13": `"2026-13"`,
		"mail=jane.doe@shop.example": `"mail=***"`, "a=b": `"a=***"`, "a=": `"a=***"`,
		"jane@shop.example": "", "jane%40shop.example": "", "jane\uff20shop.example": "", "jane@x=y": "",
		"+49 171 3920077": "", "0171/3920077": "", "0bc83cb571cd1c50ba6f3e8a78ef1346": "", "1234567890.17": "",
	} {
		if shown, ok := echoed(text); shown != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, shown, ok)
		}
	}
}

// TestNoFlagShowsAPerson: an identifier where a flag, or a verb, takes something else stands in no message.
func TestNoFlagShowsAPerson(t *testing.T) {
	t.Parallel()
	everyVerb(t, func(called string, _ *verb, flags map[string]*flag.Flag) {
		for name, f := range flags {
			if isSwitch(f) {
				continue
			}
			of, _ := takesOf(called, name)
			for _, given := range []string{"jane.doe@shop.example", "jane.doe=jane.doe@shop.example"} {
				if of.place != nowhere {
					continue // the names of files are shown
				}
				text, code := said(t, called, dashed(name), given, dashed(name), "", "--no-such-flag")
				if strings.Contains(text, "@shop") || code != usage {
					t.Errorf("%s %s %s: %d %s", called, dashed(name), given, code, text)
				}
			}
		}
	})
}
