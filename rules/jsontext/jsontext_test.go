package jsontext

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// texts are JSON, and what is close to it.
var texts = []string{
	`0`, `-0`, `01`, `-`, `+1`, `1.`, `.1`, `1.5`, `1e`, `1e5`, `1E+5`, `1e-`, `1e+`, `1.5e-07`, `1.e5`, `--1`, `1-`,
	`0x1`, `Infinity`, `NaN`,
	`true`, `tru`, `truee`, `false`, `nul`, `null `, "\t\r\n null\n", "\vnull", "\u00a0null", "\ufeffnull", `'a'`,
	`"a`, `"\u12"`, `"\u123g"`,
	`"\u00fc\\\"\/\b\f\n\r\t"`, `"\x41"`, "\"\x00\"", "\"\x1f\"", "\"\x20\x7f\"", "\"12345678\n\"",
	"\"\xff\"", `"a\`, `"\u`,
	`{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `[1 2]`, `{"a":1 "b":2}`, `{"a" : [ 1 , {"\u0062" : "]}"} ] , "c":{}}`, `{a:1}`,
	`{1:1}`, `{"a"}`, `{"a":}`, `{"a" 1}`,
	`{`, `[`, `}`, `]`, `{"a":[}`, `[{]}`, `[}`, `{]`, `[]]`, `[] []`, `[ ]`, `{ }`, `[[],{}]`, ``, ` `, `{"a":1}x`,
	`[[[[1],2],3],4]`, `{"a":{},"a":[],"":{"":[{}]}}`,
	`{"a":{"b":{"c":{"d":1}}},"e":[{"f":[]}]}`, strings.Repeat("[", 512) + strings.Repeat("]", 512),
	strings.Repeat("[", 513) + strings.Repeat("]", 513),
	strings.Repeat(`{"a":`, 512) + "1" + strings.Repeat("}", 512), strings.Repeat(`[{"a":`, 70) + "1" + strings.Repeat(
		"}]", 70), strings.Repeat("[", 1<<20),
}

// check holds what is measured of a text against what others read.
func check(text []byte) error {
	size, fault := Measure(text, Size{Members: len(text) + 1, Depth: MostDepth})
	if fault == TooDeep { // nothing is said of what is behind that
		return nil
	}
	valid := json.Valid(text)
	if (fault == 0) != valid || gjson.ValidBytes(text) != valid {
		return fmt.Errorf("%.99q: fault %d; it is JSON: %v, and gjson says %v", text, fault, valid, gjson.ValidBytes(text))
	}
	if !valid {
		return nil
	}
	if want := sizeOf(gjson.ParseBytes(text)); size != want {
		return fmt.Errorf("%.99q: %+v, want %+v", text, size, want)
	}
	for _, less := range []Size{{size.Members - 1, size.Depth}, {size.Members, size.Depth - 1}} {
		want := TooMany
		if less.Members == size.Members {
			want = TooDeep
		}
		if _, fault := Measure(text, less); fault != want && size.Depth > 0 {
			return fmt.Errorf("%.99q: fault %d within %+v, want %d", text, fault, less, want)
		}
	}
	return nil
}

func sizeOf(value gjson.Result) (of Size) {
	of.Members = 1
	if !value.IsObject() && !value.IsArray() {
		return of
	}
	value.ForEach(func(_, inner gjson.Result) bool {
		in := sizeOf(inner)
		of.Members += in.Members
		of.Depth = max(of.Depth, in.Depth)
		return true
	})
	of.Depth++
	return of
}

func TestMeasure(t *testing.T) {
	for _, text := range texts {
		if err := check([]byte(text)); err != nil {
			t.Error(err)
		}
	}
}

// TestTheFirstFaultIsTold: bounds hold for what is no JSON either, and nothing behind them is read.
func TestTheFirstFaultIsTold(t *testing.T) {
	for _, of := range []struct {
		text  string
		most  Size
		fault Fault
	}{
		{`[[[[`, Size{9, 3}, TooDeep},
		{`[1,2,3,`, Size{3, 3}, TooMany},
		{`[1,x,3,4]`, Size{3, 3}, Malformed},
		{`[[[]]`, Size{9, 3}, Malformed},
		{`1`, Size{0, 1}, TooMany},
		{`[]`, Size{1, 0}, TooDeep},
		{`[]`, Size{1, 1}, 0},
		{`1`, Size{1, 0}, 0},
	} {
		if _, fault := Measure([]byte(of.text), of.most); fault != of.fault {
			t.Errorf("%s within %+v: %d, want %d", of.text, of.most, fault, of.fault)
		}
	}
}

// TestSuite reads what is JSON and nothing else: the texts are those of JSONTestSuite.
func TestSuite(t *testing.T) {
	f, err := os.Open("../codec/testdata/json/parsing.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	cases := 0
	for lines := bufio.NewScanner(f); lines.Scan(); cases++ {
		var c struct {
			Name string
			Text []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if err := check(c.Text); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if valid := Valid(c.Text); valid && c.Name[0] == 'n' || !valid && c.Name[0] == 'y' {
			t.Errorf("%s: %q: %v", c.Name, c.Text, valid)
		}
	}
	if cases < 300 {
		t.Errorf("only %d cases", cases)
	}
}

// TestPlainEnd: where plain text ends is found as by reading it byte by byte, wherever
// any two bytes stand next to each other.
func TestPlainEnd(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("a", 19))
	for a := range 256 {
		for b := range 256 {
			for at := range len(text) - 1 {
				text[at], text[at+1] = byte(a), byte(b)
				want := slices.IndexFunc(text, func(r byte) bool { return r == '"' || r == '\\' || r < ' ' })
				if want < 0 {
					want = len(text)
				}
				if got := plainEnd(text, 0); got != want {
					t.Fatalf("%q: it ends at %d, want %d", text, got, want)
				}
				text[at], text[at+1] = 'a', 'a'
			}
		}
	}
}

func TestMeasuringTakesNoMemory(t *testing.T) {
	text := bytes.Repeat([]byte(`{"a":[1,"b\n",true],"c":`), 100)
	text = append(append(text, '1'), bytes.Repeat([]byte("}"), 100)...)
	if n := testing.AllocsPerRun(10, func() {
		if !Valid(text) {
			t.Fatal("it is not valid")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzMeasure: whatever a text holds, it is read as others read it.
func FuzzMeasure(f *testing.F) {
	for _, text := range texts {
		if len(text) < 1000 {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := check(text); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkMeasure(b *testing.B) {
	text := []byte(`[` + strings.Repeat(
		`{"event":"Product Viewed","properties":{"sku":"A-1234","price":19.9,"currency":"EUR","tags":["new","sale"]}},`,
		100) + `{}]`)
	b.Run("one pass", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			Valid(text)
		}
	})
	b.Run("gjson", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			gjson.ValidBytes(text)
		}
	})
}
