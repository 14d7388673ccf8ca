package proxy

import (
	"bytes"
	"strings"
	"testing"
)

// TestCopiedFromSaysWhatIsWrong: the file that says that a folder is a copy is refused with
// where it is wrong, and what is right.
func TestCopiedFromSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const whole = `{"form":1,"made":"2026-11-28T12:00:00Z","version":"0.2.0","hit":7}`
	for _, c := range []struct{ text, says string }{ // "": it is taken
		{whole, ""},
		{strings.Replace(whole, "7}", `7,"files":[{"name":"format","size":3,"sha256":"00"}],"later":true}`, 1), ""},
		{strings.Replace(whole, "7}", `7,"begun":null}`, 1), ""},
		{"", "b:1:1: this is no JSON"},
		{" ", "b:1:1: this is no JSON"},
		{"[]", "b:1:1: this is no JSON object"},
		{"\n null", "b:2:2: this is no JSON object"},
		{"{\n \"form\": x}", "b:2:10: this is no JSON"},
		{whole + "}", "b:1:67: this is no JSON"},
		{"{}", `b:1:1: it has no "form"`},
		{`{"form":1,"hit":7}`, `it has no "made"`},
		{`{"form":1,"made":"2026-11-28T12:00:00Z"}`, `it has no "hit"`},
		{strings.Replace(whole, "11-28", "13-28", 1), `b:1:18: "made" is no time`},
		{strings.Replace(whole, `"2026-11-28T12:00:00Z"`, "null", 1), `b:1:18: "made" is no time`},
		{strings.Replace(whole, "7}", `7,"begun":5}`, 1), `"begun" is no time`},
		{strings.Replace(whole, "7}", `"7"}`, 1), `"hit" is no value for it`},
		{strings.Replace(whole, "7}", `-7}`, 1), `"hit" is no value for it`},
		{strings.Replace(whole, "7}", `7,"files":5}`, 1), `"files" is no value for it`},
		{strings.Replace(whole, ":1,", ":0,", 1), `b:1:9: "form" is 0`},
		{"\n" + strings.Replace(whole, ":1,", ":0,", 1), `b:2:9: "form" is 0`},
		{"\n {}", `b:2:2: it has no "form"`},
		{strings.Replace(whole, ":1,", ":2,", 1), "has form 2, and 1 is known here"},
	} {
		of, err := parseCopied("b", []byte(c.text))
		switch {
		case c.says == "" && (err != nil || of.Hit != 7):
			t.Errorf("%s: %+v, %v", c.text, of, err)
		case c.says == "":
		case err == nil || of != nil || !strings.Contains(err.Error(), c.says):
			t.Errorf("%q: %+v, %v", c.text, of, err)
		case strings.Contains(err.Error(), "Go ") || !strings.Contains(err.Error(), "known here") &&
			!strings.Contains(err.Error(), "restore another copy"):
			t.Errorf("%q: it does not say what is right: %v", c.text, err)
		}
	}
}

// FuzzCopiedFrom: nothing that may stand in the file breaks its reader, and what is taken is written as it was read.
func FuzzCopiedFrom(f *testing.F) {
	for _, text := range []string{
		`{"form":1,"made":"2026-11-28T12:00:00Z","version":"0.2.0","hit":7}`, `[]`, ``, ` null`, `{"form":1}`, `{"form":9}`,
		`{"form":1,"made":"2026-11-28T12:00:00Z","hit":7,"begun":"2026-11-28T12:00:01Z","files":[{"name":"../x","size":-1,"sha256":"0"}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		of, err := parseCopied("b", text)
		if err != nil {
			return
		}
		written, err := of.text()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseCopied("b", written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if twice, err := again.text(); err != nil || !bytes.Equal(twice, written) {
			t.Errorf("%s\n%s\n%v", written, twice, err)
		}
	})
}
