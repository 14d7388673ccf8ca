package batch_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/proxy/delivery/batch"
	"github.com/tagwarden/tagwarden/rules/catalog"
)

// TestDocsSayWhoMerges: the table of the page of delivery is what the catalog says, and
// how long events wait is what it says.
func TestDocsSayWhoMerges(t *testing.T) {
	text, err := os.ReadFile("../../../cmd/tagwarden/docs/delivery.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	row := regexp.MustCompile("(?m)^(\\| [^|]+ \\| `/[^|]+` \\| [0-9]+ \\| [0-9]+[KM]iB \\| (?:[0-9]+KiB )?\\|) [^|]*\\|$")
	for _, found := range row.FindAllSubmatch(text, -1) {
		rows = append(rows, string(found[1]))
	}
	var want []string
	for _, id := range merging {
		v, seen := vendorOf(t, id), map[string]bool{}
		for i := range v.Endpoints {
			e := &v.Endpoints[i]
			if e.Merge == nil || e.Merge.Into != "" || seen[e.ID] {
				continue
			}
			seen[e.ID] = true
			each := ""
			if e.Merge.Event > 0 {
				each = catalog.Size(e.Merge.Event).String() + " "
			}
			want = append(want, fmt.Sprintf("| %s | `%s` | %d | %v | %s|", v.File.Name, e.Path.Text, e.Merge.Events,
				catalog.Size(e.Merge.Bytes), each))
		}
	}
	slices.Sort(rows)
	slices.Sort(want)
	if !slices.Equal(rows, want) {
		t.Errorf("the page has\n%q\nand the catalog\n%q", rows, want)
	}
	if !regexp.MustCompile(fmt.Sprintf(`waits at most %d ms for others`, batch.Linger.Milliseconds())).Match(text) {
		t.Error("the page says another time for which events wait")
	}
}
