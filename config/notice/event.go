package notice

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// eventTitle is what names of events mean (events.yaml), by language.
type eventTitle struct {
	Names []string          `yaml:"names"`
	In    map[string]string `yaml:",inline"`
}

// eventTitles reads what the names of events mean.
func eventTitles() []eventTitle {
	text, err := files.ReadFile("events.yaml")
	var all []eventTitle
	if err == nil {
		err = yaml.Unmarshal(text, &all)
	}
	if err != nil {
		panic("BUG: events.yaml: " + err.Error()) // a test reads it
	}
	return all
}

// events are names of events in words. Those of the site's own are shown as they are, in quotes.
func (b *builder) events(names []string) []string {
	if b.titles == nil {
		b.titles = map[string]string{"*": b.words.Texts["all_events"]}
		for _, title := range eventTitles() {
			for _, name := range title.Names {
				b.titles[name] = title.In[b.lang]
			}
		}
	}
	var all []string
	for _, name := range names {
		title, known := b.titles[name]
		beginning, begins := strings.CutSuffix(name, "*")
		switch {
		case known:
		case begins:
			title = fill(b.words.Texts["event_beginning"], "text", beginning)
		default:
			title = fill(b.words.Texts["quoted"], "text", name)
		}
		if !slices.Contains(all, title) {
			all = append(all, title)
		}
	}
	return all
}
