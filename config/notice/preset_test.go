package notice

import (
	"cmp"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/config/internal/sample"
)

// TestPresetNotices holds the notices of what `init` makes, each as people would publish it, to be read.
func TestPresetNotices(t *testing.T) {
	t.Parallel()
	for _, name := range append(config.Examples(), "") {
		loaded := sample.Preset(t, name)
		for _, lang := range Languages() {
			n, _ := noticeOf(t, loaded, "", lang)
			for _, format := range []string{"md", "html"} {
				text := rendered(t, n, format)
				golden(t, "testdata/presets/"+cmp.Or(name, "init")+"."+lang+"."+format, []byte(text))
				if got := differences(t, text, n); got != "" {
					t.Errorf("%s, %s: it is no longer true as soon as it is published: %s", name, lang, got)
				}
			}
			if len(n.Activities) == 0 || strings.Contains(rendered(t, n, "md"), "{") && !strings.HasPrefix(rendered(t, n, "md"), beginMark) {
				t.Errorf("%s, %s: it says nothing, or a word is not filled in", name, lang)
			}
		}
	}
}
