package cmp_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// visitor is a jar as a hit has it: the platform's cookies among those of others.
func visitor(v *cookieVector) read.Jar {
	others := "_ga=GA1.1.1000000001.1700000000; _ga_ABCDEF1234=GS1.1.1700000000.1.1.1700000001.0.0.0; _fbp=fb.1.1700000000000.1000000001; session=abcdef; " +
		"_gcl_au=1.1.1000000001.1700000000; csrftoken=abcdef; lang=en; cart=1; theme=dark; a-cookie-of-somebody-else-with-a-long-name=1; _pk_id.1.1fff=abcdef0123456789.1700000000; "
	h := append(header(others), asHeader(v)...)
	return &h
}

// longest is each platform's longest line.
func longest(t testing.TB) map[cmp.Platform]*cookieVector {
	t.Helper()
	all := seeds(t)
	of := map[cmp.Platform]*cookieVector{}
	for i := range all {
		platforms, err := all[i].platforms()
		if err != nil {
			t.Fatal(err)
		}
		if v := of[platforms[0]]; len(platforms) == 1 && (v == nil || len(asHeader(v)) < len(asHeader(&all[i]))) {
			of[platforms[0]] = &all[i]
		}
	}
	return of
}

func BenchmarkCookies(b *testing.B) {
	of := longest(b)
	for c := range cmp.All {
		v := of[c]
		if v == nil {
			continue
		}
		b.Run(c.String(), func(b *testing.B) {
			var s cmp.Scratch
			cookies, set := visitor(v), v.settings()
			b.ReportAllocs()
			for b.Loop() {
				c.Read(cookies, set, &s)
			}
		})
	}
}

func TestReadingCookiesDoesNotAllocate(t *testing.T) {
	all := seeds(t)
	for i := range all {
		v := &all[i]
		platforms, err := v.platforms()
		if err != nil {
			t.Fatal(err)
		}
		var s cmp.Scratch
		cookies, set := visitor(v), v.settings()
		for _, c := range platforms {
			if n := testing.AllocsPerRun(20, func() { c.Read(cookies, set, &s) }); n != 0 {
				t.Errorf("%s (%s): %v allocations", v.ID, c, n)
			}
		}
	}
}
