package visitor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/visitor"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		scopes []string
		want   string
	}{
		{nil, ""},
		{[]string{"all"}, "all"},
		{[]string{"vendor:ga4", "Surveys", "ads", "ads"}, "Surveys/ads/vendor:ga4"},
		{[]string{strings.Repeat("a", 64), strings.Repeat("b", 64)}, strings.Repeat("a", 64) + "/" + strings.Repeat("b", 64)},
	} {
		if got := visitor.Format(c.scopes); got != c.want {
			t.Errorf("%v: %q, not %q", c.scopes, got, c.want)
		}
	}
	// More than a browser keeps: nothing of the choice may be lost.
	var many []string
	for i := range 64 {
		many = append(many, strings.Repeat("a", 63)+string(rune('!'+i)))
	}
	if got := visitor.Format(many); got != "all" {
		t.Errorf("what is too long is %q", got)
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "/", "ads/", "/ads", "a b", "ads;", "ä", "a\x00", "ads//x", "%61", "a,b", "\xff"} {
		if scopes, ok := visitor.Parse(bad); ok || scopes != nil {
			t.Errorf("%q is read as %v", bad, scopes)
		}
	}
	if scopes, ok := visitor.Parse("vendor:ga4/all/ads/all"); !ok ||
		!slices.Equal(scopes, []string{"ads", "all", "vendor:ga4"}) {
		t.Errorf("%v, %v", scopes, ok)
	}
}

// FuzzParse: what is read is what was written, and nothing is read that cannot be written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "all", "ads/vendor:ga4", "a//b", "vendor:", "ads/ads", "A.b-c_d/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		scopes, ok := visitor.Parse(value)
		if !ok {
			return
		}
		written := visitor.Format(scopes)
		again, ok := visitor.Parse(written)
		if !ok || !slices.Equal(scopes, again) && written != "all" || len(written) > len(value) {
			t.Errorf("%q is read as %q, and that as %q", value, scopes, again)
		}
	})
}
