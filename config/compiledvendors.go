package config

import (
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/tagwarden/tagwarden/rules/catalog"
	words "github.com/tagwarden/tagwarden/rules/names"
)

// compiledVendors are the vendors that come with the product, compiled, by id and by the fields that
// profiles name: what is embedded never changes, and what is made of it is not compiled again with each
// load. A policy gets a copy of its own.
var compiledVendors = func() *lru.Cache[string, *catalog.Vendor] {
	const most = 64 // of several megabytes at most
	cache, err := lru.New[string, *catalog.Vendor](most)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return cache
}()

// compileVendor compiles a vendor file with the fields that profiles name, or copies what was made of the same before.
func compileVendor(file *catalog.File, extra []string, table *words.Table) (*catalog.Vendor, error) {
	if builtin, _ := shippedFile(file.ID); builtin != file {
		return catalog.Compile(file, extra, table)
	}
	key := strings.Join(append([]string{file.ID}, extra...), "\x00")
	if vendor, ok := compiledVendors.Get(key); ok && vendor.Of(file, extra) {
		return vendor.Copy(table), nil
	}
	vendor, err := catalog.Compile(file, extra, table)
	if err != nil {
		return nil, err
	}
	compiledVendors.Add(key, vendor)
	return vendor.Copy(table), nil
}

// shippedFile is a vendor file that comes with the product: everybody's, and not to be changed.
func shippedFile(id string) (*catalog.File, bool) {
	for _, file := range catalog.Builtins() {
		if file.ID == id {
			return file, true
		}
	}
	return nil, false
}
