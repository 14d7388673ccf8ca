package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/proxy/visitor"
	"github.com/tagwarden/tagwarden/rules/ascii"
	"github.com/tagwarden/tagwarden/rules/signal"
	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/iab"
)

// signals explains consent strings and cookies in words.
func signals(_ context.Context, t *terminal, args []string) int {
	const usageLine = "decode STRING... | decode --cookie NAME=VALUE..."
	f := t.flags("signals", usageLine)
	var cookies []string
	f.Func("cookie", "cookies as in the Cookie header, NAME=VALUE; NAME=VALUE; may be given again",
		func(given string) error {
			if name, _, found := strings.Cut(given, "="); !found || name == "" {
				return errors.New("NAME=VALUE is right")
			}
			cookies = append(cookies, given)
			return nil
		})
	format := format(f, "json")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	if len(rest) == 0 || rest[0] != "decode" || len(rest) == 1 && len(cookies) == 0 {
		printUsage(t.err, f)
		return usage
	}
	var all []decodedSignal
	for _, text := range rest[1:] {
		all = append(all, decodeString([]byte(strings.TrimSpace(text))))
	}
	if len(cookies) > 0 {
		for _, x := range cmp.Explain(signal.CookieHeader(strings.Join(cookies, "; "))) {
			d := decodedSignal{"cookie: " + x.Source, x.State.String(), x.Lines}
			if len(x.String) > 0 {
				of := decodeString(x.String)
				d.State, d.Says = of.State, append(d.Says, of.Says...)
			}
			all = append(all, d)
		}
	}
	for i := range all {
		if all[i].State != signal.Valid.String() {
			code = findings
		}
		if *format == "json" {
			line, err := json.Marshal(&all[i])
			if err != nil {
				t.fail("%v", err)
				return usage
			}
			printf(t.out, "%s\n", line)
			continue
		}
		if i > 0 {
			printf(t.out, "\n")
		}
		printf(t.out, "%s: %s\n", all[i].Kind, all[i].State)
		for _, line := range all[i].Says {
			printf(t.out, "  %s\n", line)
		}
	}
	return code
}

// decodedSignal is what a string or cookie says.
type decodedSignal struct {
	Kind  string   `json:"kind"`
	State string   `json:"state"`
	Says  []string `json:"says"`
}

// decodeString tells what a string is by its form, and what it says.
func decodeString(text []byte) decodedSignal {
	name, value, named := bytes.Cut(text, []byte{'='})
	switch {
	case iab.NoSignal(text):
		return decodedSignal{"no signal", signal.Absent.String(), []string{"stands where a string should, and says nothing"}}
	case bytes.HasPrefix(text, []byte("{")) && bytes.Contains(text, []byte(`"categories"`)):
		return decoded("receipt of a choice", text, visitor.ExplainChoice, func(lines []string) []string { return lines })
	case named && string(name) == "gcs", !named && bytes.HasPrefix(text, []byte("G1")):
		return spoken("Google consent mode, gcs", lastOf(text, value, named), signal.ExplainGCS)
	case named && string(name) == "gcd", !named && looksLikeGCD(text):
		return spoken("Google consent mode, gcd", lastOf(text, value, named), signal.ExplainGCD)
	case bytes.HasPrefix(text, []byte("1~")), bytes.HasPrefix(text, []byte("2~")):
		return decoded("additional consent", text, iab.DecodeAC, iab.ExplainAC)
	case len(text) == 4 && ascii.IsDigit(text[0]), bytes.HasPrefix(text, []byte(`{"uspString"`)):
		return decoded("US privacy", text, iab.DecodeUSP, iab.ExplainUSP)
	case bytes.HasPrefix(text, []byte("DB")):
		return decoded("GPP", text, iab.DecodeGPP, iab.ExplainGPP)
	default:
		return decoded("TCF", text, iab.DecodeTC, iab.ExplainTC)
	}
}

func lastOf(text, value []byte, named bool) []byte {
	if named {
		return value
	}
	return text
}

// looksLikeGCD tells whether a text is two digits and then letters with a digit behind each.
func looksLikeGCD(text []byte) bool {
	return len(text) >= 10 && len(text) <= 32 && ascii.Digits(text[:2]) && ascii.IsLower(text[2])
}

func decoded[T any](kind string, text []byte, decode func([]byte) (T, error), explain func(T) []string) decodedSignal {
	d, err := decode(text)
	if err != nil {
		return decodedSignal{kind, signal.Malformed.String(), []string{"cannot be read: " + err.Error(),
			"it never counts as a yes"}}
	}
	return decodedSignal{kind, signal.Valid.String(), explain(d)}
}

func spoken(kind string, text []byte, explain func([]byte) ([]string, bool)) decodedSignal {
	lines, ok := explain(text)
	if !ok {
		return decodedSignal{kind, signal.Malformed.String(), append(lines, "it never counts as a yes")}
	}
	return decodedSignal{kind, signal.Valid.String(), lines}
}
