package cmp_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/rules/signal/cmp"
	"github.com/tagwarden/tagwarden/rules/signal/read"
)

// words tells in one line what is read: the state, whether the visitor decided, then what is
// granted and, after a minus, what is not.
func words(c cmp.Platform, j read.Jar, set cmp.Settings) string {
	var s cmp.Scratch
	st, items := c.Read(j, set, &s)
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", st.State, st.Decided)
	if st.Objection {
		text.WriteString(" objection")
	}
	if st.Opaque {
		text.WriteString(" opaque")
	}
	for _, item := range items {
		sign := '-'
		if item.Granted {
			sign = '+'
		}
		fmt.Fprintf(&text, " %c%s%s", sign, []string{"", "service:", "li:", "service-li:"}[item.List], item.ID)
	}
	return text.String()
}

func platform(t testing.TB, name string) cmp.Platform {
	t.Helper()
	c, ok := cmp.Parse(name)
	if !ok {
		t.Fatalf("no platform is called %s", name)
	}
	return c
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
