package signal

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

// undated are the members that say when; and the format of a string, which only one is.
var undated = []string{"At", "Last", "Version"}

// TestFactsHoldEverything: a member of signals that differs makes other bytes, and a date makes none.
func TestFactsHoldEverything(t *testing.T) {
	t.Parallel()
	said := func() *Signals {
		s := &Signals{N: 2, TCF: TCF{State: Valid}, AC: AC{State: Valid}}
		s.Sources[0].State, s.Sources[1].State = Valid, Malformed
		return s
	}
	as := said().AppendFacts(nil)
	var look func(name string, of func(*Signals) reflect.Value)
	look = func(name string, of func(*Signals) reflect.Value) {
		s := said()
		switch v := of(s); v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				look(name+"."+v.Type().Field(i).Name, func(s *Signals) reflect.Value { return of(s).Field(i) })
			}
			return
		case reflect.Array:
			for i := range min(v.Len(), 2) { // of TCF's purposes the first is none
				at := i
				if v.Len() < MaxSources {
					at = v.Len() - 1 - i
				}
				look(name, func(s *Signals) reflect.Value { return of(s).Index(at) })
			}
			return
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int64:
			v.SetInt(v.Int() + 1)
		default:
			v.SetUint(v.Uint() + 1)
		}
		_, last, _ := cutLast(name)
		if changed := !bytes.Equal(s.AppendFacts(nil), as); changed == slices.Contains(undated, last) {
			t.Errorf("%s: another is told apart: %v", name, changed)
		}
	}
	look("Signals", func(s *Signals) reflect.Value { return reflect.ValueOf(s).Elem() })
}

func cutLast(name string) (before, after string, found bool) {
	at := bytes.LastIndexByte([]byte(name), '.')
	return name[:max(at, 0)], name[at+1:], at >= 0
}

// TestDates: one for each source that is there, in their order.
func TestDates(t *testing.T) {
	t.Parallel()
	s := &Signals{
		GPC: Valid, DNT: Malformed, N: 3, TCF: TCF{State: Valid, At: 7}, AC: AC{State: Valid}, GPP: OptOuts{State: Malformed},
		USP: OptOuts{State: Valid}, Payload: OptOuts{State: Valid},
	}
	s.Sources[0] = SourceReading{State: Valid, At: 5}
	s.Sources[2] = SourceReading{State: Malformed}
	s.Sources[3] = SourceReading{State: Valid, At: 9} // not listed
	if got, want := s.AppendDates([]int64{1}), []int64{1, 0, 0, 5, 0, 7, 0, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := new(Signals).AppendDates(nil); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
}
