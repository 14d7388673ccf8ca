package main

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What holds the documentation to its form: short enough to be read, found from
// README, and true where a program can tell.

const (
	mostOfReadme = 8 << 10
	mostOfPage   = 25 << 10
)

// documents are what people read here, by their path from the root of the repository.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "cmd/tagwarden/docs/*.md", "docker/*.md", "bench/*.md"} {
		names, err := filepath.Glob(filepath.Join("..", "..", pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[strings.TrimPrefix(filepath.ToSlash(name), "../../")] = string(text)
		}
	}
	return texts
}

// TestDocsAreListed: every page is a topic, and has a title, says for whom it is, and where to go on.
func TestDocsAreListed(t *testing.T) {
	t.Parallel()
	files, err := pages.ReadDir("docs")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(topics) || len(topics) > 40 { // of more than 40 a suggestion lists none
		t.Errorf("there are %d pages, and %d topics", len(files), len(topics))
	}
	for _, topic := range topics {
		one, err := readPage(topic)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(one.Text, "# "+one.Title+"\n\nFor ") || strings.Contains(one.Title, "\n") {
			t.Errorf("%s: a page begins with its title, and says for whom it is", topic)
		}
		last := one.Text[strings.LastIndex(strings.TrimSuffix(one.Text, "\n"), "\n\n")+2:]
		if !strings.HasPrefix(last, "Next: ") || !strings.HasSuffix(last, ".\n") {
			t.Errorf("%s: a page ends with where to go on", topic)
		}
		if len(one.Text) > mostOfPage {
			t.Errorf("%s has %d bytes: %d at most", topic, len(one.Text), mostOfPage)
		}
	}
}

// TestReadmeIsShort: it is read in two minutes, has the commands that need nothing
// but Go, and every page is a link away.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	readme := documents(t)["README.md"]
	if len(readme) > mostOfReadme {
		t.Errorf("README has %d bytes: %d at most; pages are in cmd/tagwarden/docs", len(readme), mostOfReadme)
	}
	if !strings.Contains(readme, "\n\n    go run ./cmd/tagwarden demo\n    go test ./...\n\n") {
		t.Error("README lacks the commands that need nothing but Go")
	}
	for _, topic := range topics {
		if !strings.Contains(readme, "](cmd/tagwarden/docs/"+topic+".md)") {
			t.Errorf("README does not lead to %s", topic)
		}
	}
}

// TestDocsAnswerNewcomers: each of the ten questions has its page, which README leads to, and the place of it that is
// named; and a command that the page names answers it in an empty folder, which the script newcomer shows.
func TestDocsAnswerNewcomers(t *testing.T) {
	t.Parallel()
	all := documents(t)
	script, err := os.ReadFile("testdata/script/newcomer.txtar")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{} // by question, what the script runs
	for _, part := range strings.Split("\n"+string(script), "\n# ")[1:] {
		question, commands, _ := strings.Cut(part, "\n")
		answers[question] = commands
	}
	rows := regexp.MustCompile(`(?m)^\| ([A-Z][^|]+[?.]) \| [^|]+ \| \[[^\]]+\]\(([a-z]*)(?:\.md)?(?:#([a-z-]+))?\) \|$`).
		FindAllStringSubmatch(all["cmd/tagwarden/docs/start.md"], -1)
	if len(rows) != 10 || len(answers) != 10 {
		t.Errorf("%d questions are answered, and the script runs commands of %d", len(rows), len(answers))
	}
	for _, row := range rows {
		question, topic, place := row[1], cmp.Or(row[2], "start"), row[3]
		page := all["cmd/tagwarden/docs/"+topic+".md"]
		if !strings.Contains(all["README.md"], "](cmd/tagwarden/docs/"+topic+".md)") {
			t.Errorf("%s README does not lead to %s", question, topic)
		}
		if place != "" && !slices.Contains(anchors(page), place) {
			t.Errorf("%s %s has no #%s", question, topic, place)
		}
		named := 0
		for _, m := range regexp.MustCompile(`(?m)^exec tagwarden ([a-z]+)(?: ([a-z]+))?`).FindAllStringSubmatch(
			answers[question], -1) {
			if m[1] == "docs" && m[2] == topic || strings.Contains(page, "tagwarden "+m[1]) {
				named++
			}
		}
		if named == 0 {
			t.Errorf("%s %s names no command that the script newcomer runs to answer it: %q", question, topic, answers[question])
		}
	}
}

// apart is a document in two: its examples, which stand in fences or further in, and all else.
func apart(text string) (examples, prose string) {
	var in, out strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence:
			fenced = !fenced
		case fenced, strings.HasPrefix(line, "    "):
			in.WriteString(line)
		default:
			out.WriteString(line)
		}
	}
	return in.String(), out.String()
}

// anchors are the places of a document that a link may lead to, as GitHub calls them.
func anchors(text string) []string {
	var all []string
	heading := regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	dropped := regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`)
	_, prose := apart(text)
	for _, found := range heading.FindAllStringSubmatch(prose, -1) {
		name := strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-")
		if slices.Contains(all, name) {
			name += "-1"
		}
		all = append(all, name)
	}
	return all
}

// TestDocumentsLinkToWhatIsThere: the file of every relative link is there, and so is the heading behind its #.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	all, seen := documents(t), 0
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for name, text := range all {
		_, prose := apart(text)
		for _, found := range link.FindAllStringSubmatch(regexp.MustCompile("`[^`\n]*`").ReplaceAllString(prose, ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			seen++
			file, place, placed := strings.Cut(found[1], "#")
			target, in := name, text
			if file != "" {
				target = path.Join(path.Dir(name), file)
				if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(target))); err != nil {
					t.Errorf("%s links to %s, which is not there", name, found[1])
					continue
				}
				in = all[target]
			}
			if placed && !slices.Contains(anchors(in), place) {
				t.Errorf("%s links to %s: %s has no such heading", name, found[1], target)
			}
		}
	}
	if seen < 200 {
		t.Errorf("only %d links were found", seen)
	}
}

// spoken finds commands of ours: lines of a shell's examples, and words between backquotes.
var (
	spokenLine = regexp.MustCompile(`(?m)^\s*(?:\$ )?(?:\./|go run \./cmd/)?tagwarden(?:-new)? ([a-z].*)$`)
	spokenWord = regexp.MustCompile("`tagwarden ([a-z][^`\n]*)`")
	flagName   = regexp.MustCompile(`(?:^|[\s\[(|])(--?[a-z][a-z-]*)`)
)

// TestDocumentsNameVerbsThatAreThere: every verb and flag of ours that a document shows is one.
func TestDocumentsNameVerbsThatAreThere(t *testing.T) {
	t.Parallel()
	seen, asked := 0, map[string]string{}
	// help is what a verb says of its flags; "" where it is none.
	help := func(words ...string) string {
		key := strings.Join(words, " ")
		if said, known := asked[key]; known {
			return said
		}
		var out strings.Builder
		if code := run(t.Context(), &terminal{out: &out, err: &out, now: time.Now},
			append(slices.Clone(words), "--help")); code == fine {
			asked[key] = out.String()
		} else {
			asked[key] = ""
		}
		return asked[key]
	}
	for name, text := range documents(t) {
		if name == "CHANGELOG.md" { // it tells of verbs as they were
			continue
		}
		examples, _ := apart(text)
		lines := spokenLine.FindAllStringSubmatch(strings.ReplaceAll(examples, "\\\n", " "), -1)
		for _, found := range append(lines, spokenWord.FindAllStringSubmatch(text, -1)...) {
			command, _, _ := strings.Cut(found[1], " #")
			command, _, _ = strings.Cut(command, " | ")
			words := strings.Fields(command)
			if words[0] == "help" {
				continue
			}
			if !slices.ContainsFunc(verbs(), func(v verb) bool { return v.name == words[0] }) {
				t.Errorf("%s: there is no verb %q: %s", name, words[0], command)
				continue
			}
			seen++
			asking := words[:1]
			if len(words) > 1 && slices.ContainsFunc(verbNames(), func(n string) bool {
				return strings.HasPrefix(n, words[0]+" ")
			}) &&
				regexp.MustCompile(`^[a-z-]+$`).MatchString(words[1]) || words[0] == "promises" &&
				strings.Contains(command, " approve") {
				asking = words[:2]
			}
			said := help(asking...)
			if said == "" {
				t.Errorf("%s: there is no verb %q", name, strings.Join(asking, " "))
				continue
			}
			for _, flag := range flagName.FindAllStringSubmatch(command, -1) {
				if !strings.Contains(said, "\n  "+flag[1]+" ") {
					t.Errorf("%s: %s has no flag %s: %s", name, strings.Join(asking, " "), flag[1], command)
				}
			}
		}
	}
	if seen < 180 {
		t.Errorf("only %d commands were found", seen)
	}
}

// TestDocsOnATerminal: a link to another page says how to read that one; examples and other links stay.
func TestDocsOnATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"see [what counts](signals.md#what-counts), and [below](#x)\n": "see what counts (`tagwarden docs signals`), and below\n",
		"[there](https://a.example/b.md)\n":                            "[there](https://a.example/b.md)\n",
		"[nodes](../../../docker/NODES.md#sizes)\n":                    "[nodes](docker/NODES.md#sizes)\n",
		"```sh\n[a](b.md)\n```\n[a](b.md)\n":                           "```sh\n[a](b.md)\n```\na (`tagwarden docs b`)\n",
	} {
		if got := forTerminal(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestDocumentedRequests runs the commands with which visitors' requests are answered, as somebody at the desk would,
// where nothing is known of the person yet and some objections are.
func TestDocumentedRequests(t *testing.T) {
	text, err := pages.ReadFile("docs/requests.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	said := func(words ...string) string {
		t.Helper()
		var out, errs strings.Builder
		if code := run(t.Context(), &terminal{in: strings.NewReader(""), out: &out, err: &errs, now: time.Now},
			words); code != fine {
			t.Fatalf("%q: exit code %d\n%s%s", words, code, out.String(), errs.String())
		}
		return out.String()
	}
	said("init", "shop")
	t.Chdir("shop")
	said("objections", "add", "--id", "user_id=another", "--all", "--config", "tagwarden.yaml")
	ran, word := map[string]bool{}, regexp.MustCompile(`"([^"]*)"|(\S+)`)
	for _, found := range regexp.MustCompile(`(?m)^tagwarden ([^>\n]+)`).FindAllStringSubmatch(string(text), -1) {
		var words []string
		for _, w := range word.FindAllStringSubmatch(found[1], -1) {
			words = append(words, w[1]+w[2])
		}
		said(words...)
		ran[words[0]+" "+words[1]] = true
	}
	for _, verb := range []string{"logs subject", "logs erase", "objections add", "objections withdraw", "objections link",
		"objections check"} {
		if !ran[verb] {
			t.Errorf("%s was not run", verb)
		}
	}
	if got := said("objections", "check", "user_id=cust-48213", "--config", "tagwarden.yaml"); !strings.Contains(
		got, "audience-measurement") {
		t.Error(got)
	}
}
