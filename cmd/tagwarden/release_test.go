package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// packageFile is what docker/package.yaml says of packages, for nfpm.
type packageFile struct {
	Name, License, Section, Maintainer, Description string
	Recommends                                      []string
	Contents                                        []content
	Scripts                                         map[string]string
	Overrides                                       map[string]struct{ Depends []string }
}

// releaseFile is as much of .goreleaser.yaml as is looked at.
type releaseFile struct {
	Version  int
	Dist     string
	Before   struct{ Hooks []string }
	Builds   []struct{ Main, Flags, Ldflags, Env, Targets stringOrList }
	Archives []struct {
		Files []struct {
			From string `yaml:"src"`
			Info struct{ Mtime string }
		}
	}
	Packages []struct {
		Name                                      string `yaml:"package_name"`
		License, Section, Maintainer, Description string
		Mtime, Bindir                             string
		Recommends, Formats                       []string
		Contents                                  []content
		Scripts                                   map[string]string
		Overrides                                 map[string]struct{ Dependencies []string }
	} `yaml:"nfpms"`
	SBOMs []struct{ Cmd string } `yaml:"sboms"`
}

// stringOrList is a text, or several.
type stringOrList []string

// UnmarshalYAML reads one.
func (s *stringOrList) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*s = []string{node.Value}
		return nil
	}
	return node.Decode((*[]string)(s))
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestReleaseIsThePackage: a release's packages hold what those of `make packages` do, by the same scripts; what is
// named is there; and nothing of a release depends on when and where it was made.
func TestReleaseIsThePackage(t *testing.T) {
	t.Parallel()
	var ours packageFile
	var release releaseFile
	readYAML(t, "docker/package.yaml", &ours)
	readYAML(t, ".goreleaser.yaml", &release)
	if len(release.Packages) != 1 || len(release.Builds) != 1 || len(release.Archives) != 1 || len(release.SBOMs) != 1 {
		t.Fatalf("%+v", release)
	}
	theirs := &release.Packages[0]
	binary := func(c content) bool { return c.To == "/usr/bin/tagwarden" }
	if at := slices.IndexFunc(ours.Contents, binary); at < 0 || theirs.Bindir != "/usr/bin" {
		t.Errorf("the program is in neither or one: %v, %q", ours.Contents, theirs.Bindir)
	}
	files := slices.DeleteFunc(slices.Clone(ours.Contents), binary)
	depends := map[string][]string{}
	for format, of := range theirs.Overrides {
		depends[format] = of.Dependencies
	}
	needs := map[string][]string{}
	for format, of := range ours.Overrides {
		needs[format] = of.Depends
	}
	for _, c := range []struct {
		what        string
		ours, there any
	}{
		{"contents", files, theirs.Contents},
		{"scripts", ours.Scripts, theirs.Scripts},
		{"name", ours.Name, theirs.Name},
		{"license", ours.License, theirs.License},
		{"section", ours.Section, theirs.Section},
		{"maintainer", ours.Maintainer, theirs.Maintainer},
		{"description", ours.Description, theirs.Description},
		{"recommends", ours.Recommends, theirs.Recommends},
		{"depends", needs, depends},
		{"formats", []string{"deb", "rpm"}, theirs.Formats},
	} {
		if !reflect.DeepEqual(c.ours, c.there) {
			t.Errorf("%s: docker/package.yaml says %v, .goreleaser.yaml %v", c.what, c.ours, c.there)
		}
	}
	named := slices.Collect(func(yield func(string) bool) {
		for _, c := range files {
			if c.From != "" && !yield(c.From) {
				return
			}
		}
		for _, script := range ours.Scripts {
			if !yield(script) {
				return
			}
		}
		for _, f := range release.Archives[0].Files {
			if f.Info.Mtime != "{{ .CommitDate }}" {
				t.Errorf("%s in an archive is as old as %q", f.From, f.Info.Mtime)
			}
			if !yield(f.From) {
				return
			}
		}
	})
	if !slices.Contains(named, "LICENSE") || !slices.Contains(named, "cmd/tagwarden/docs/*.md") {
		t.Errorf("archives lack the licence or the pages: %q", named)
	}
	for _, name := range named {
		if found, err := filepath.Glob(filepath.Join("../..", name)); err != nil || len(found) == 0 {
			t.Errorf("%s is named, and not there (%v)", name, err)
		}
	}
	// What makes the lists of what is inside is run in the folder of what is made: `make` puts it beside.
	if cmd := release.SBOMs[0].Cmd; filepath.Join(release.Dist, cmd) != ".bin/cyclonedx-gomod" ||
		!slices.ContainsFunc(release.Before.Hooks, func(hook string) bool {
			return strings.Contains(hook, "/.bin/cyclonedx-gomod")
		}) {
		t.Errorf("%s, run in %s, after %q: nothing is there", cmd, release.Dist, release.Before.Hooks)
	}
	build := &release.Builds[0]
	if !slices.Equal(build.Flags, []string{"-trimpath"}) || !slices.Equal(build.Env, []string{"CGO_ENABLED=0"}) ||
		theirs.Mtime != "{{ .CommitDate }}" {
		t.Errorf("%+v: two builds of one commit are not the same bytes", build)
	}
	// What `make packages` and the image build with is what a release is built with.
	for _, name := range []string{"Makefile", "docker/Dockerfile"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "-trimpath -ldflags") || !strings.Contains(string(text),
			"-s -w -X main.version=") {
			t.Errorf("%s builds otherwise than %v %v", name, build.Flags, build.Ldflags)
		}
	}
}
