package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tagwarden/tagwarden/config"
	"github.com/tagwarden/tagwarden/rules/catalog"
	"github.com/tagwarden/tagwarden/rules/plural"
)

func catalogue(_ context.Context, t *terminal, args []string) int {
	f := t.flags("catalog", "list | show VENDOR | check FILE...")
	rest, code, done := t.parse(f, args)
	if done {
		return code
	}
	switch {
	case len(rest) == 1 && rest[0] == "list":
		return listCatalog(t)
	case len(rest) == 2 && rest[0] == "show":
		text, ok := catalog.BuiltinText(rest[1])
		if !ok {
			t.fail("the catalog has no vendor %q", rest[1])
			t.hint("one of %s is right", strings.Join(catalog.BuiltinIDs(), ", "))
			return usage
		}
		_, _ = t.document().Write(text)
		return fine
	case len(rest) >= 2 && rest[0] == "check":
		return checkCatalog(t, rest[1:])
	default:
		printUsage(t.err, f)
		return usage
	}
}

func listCatalog(t *terminal) int {
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	for _, id := range catalog.BuiltinIDs() {
		file, _ := catalog.Builtin(id)
		printf(table, "%s\t%s\t%s\t%s\n", id, file.Name, plural.Of(len(file.Endpoints), "endpoint"),
			plural.Of(len(file.Fields), "field"))
	}
	_ = table.Flush()
	return fine
}

// checkCatalog reads vendor files as a policy folder would hold them.
func checkCatalog(t *terminal, files []string) int {
	code := fine
	for _, name := range slices.Sorted(slices.Values(files)) {
		text, err := readNamed(name, mostNamed)
		if err != nil {
			t.fail("%v", err)
			return usage
		}
		file, err := config.ParseVendor(name, text)
		if err != nil {
			printf(t.out, "%v\n", err)
			code = max(code, codeOf(err))
			continue
		}
		if _, err := catalog.Compile(file, nil, catalog.Names()); err != nil {
			printf(t.out, "%v\n", config.VendorFault(name, text, err))
			code = max(code, findings)
			continue
		}
		if faults := ownFaults(file); len(faults) > 0 {
			for _, fault := range faults {
				printf(t.out, "%v\n", config.VendorFault(name, text, errors.New(fault)))
			}
			code = max(code, findings)
			continue
		}
		printf(t.out, "%s: %s, nothing is wrong\n", name, file.Name)
	}
	return code
}

// ownFaults are what a vendor file of a site's own may not say; those that come with the product are reviewed.
func ownFaults(file *catalog.File) []string {
	if _, builtin := catalog.BuiltinText(file.ID); builtin {
		return nil
	}
	return file.OwnFaults()
}
