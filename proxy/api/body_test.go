package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/proxy/problem"
)

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"ids":{"email":["a@example.com","b"]},"purposes":["ads"],"vendors":["ga4"],"all":true,"restriction":true,"complaint":false,"source":"x","site":"shop","channel":"mail","campaign":"c","time":"2026-12-01T12:00:00Z"}`,
		`{"objections":[{"ids":{"client_id:ga4":"1.2"},"all":true}],"import":{"file":"f","line":1,"dry_run":true}}`,
		`{"withdrawals":[{"ids":{"email":"\ud800"},"all":true}],"because":"x"}`,
		`{"subjects":[{"ids":{"phone":"+49 30 901820"}}]}`, `[`, ``, `{"":{"":""}}`, `{"ids":{"a/b~c":1}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, withdraw := range []bool{false, true} {
			in := reader{list: "objections", most: 10, operator: true, withdraw: withdraw, now: time.Unix(1_800_000_000, 0),
				scopes: []string{"all", "ads", "vendor:ga4"}}
			out, err := in.read(text)
			if err != nil {
				if p, ok := errors.AsType[*problem.Document](err); !ok || p.Status != 400 && p.Status != 422 {
					t.Fatalf("%v", err)
				}
				continue
			}
			for _, act := range out.acts {
				c := act.Change
				if len(act.IDs) == 0 || len(c.Object)+len(c.TakeBack) == 0 && !c.Complaint || len(c.Object) > 0 == withdraw ||
					c.Time.After(in.now) || withdraw && strings.TrimSpace(c.Because) == "" {
					t.Fatalf("%+v", act)
				}
				for _, id := range act.IDs {
					if id.Value == "" || len(id.Value) > longestID {
						t.Fatal("an identifier that is none")
					}
				}
			}
		}
		if v, err := parse(text); err == nil {
			var in reader
			if acts, _, _ := in.people(v); in.problem() == nil && len(acts) == 0 {
				t.Fatal("nobody is asked about")
			}
		}
	})
}

func TestPointer(t *testing.T) {
	if got := (*place)(nil).member("a/b~c").element(3).pointer(); got != "/a~1b~0c/3" {
		t.Error(got)
	}
}

// TestDepth: brackets in a text do not count, and what begins with a backslash in one does not end it.
func TestDepth(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `1`: 0, `{}`: 1, `[[]]`: 2, `[[],[[]]]`: 3, `"[["`: 0, `["]","["]`: 1, `["\"[["]`: 1, `["\\",[]]`: 2,
		`["\\\"[["]`: 1, `\[[`: 2, `{"a":[{"b":"}}"}]}`: 3,
	} {
		if got := depth([]byte(text)); got != want {
			t.Errorf("%s: %d deep, want %d", text, got, want)
		}
	}
}
