package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// constants are the constants of packages: for each name the one that stands beside it in its declaration.
type constants struct {
	folders map[string]map[string]string // by folder, then by name
	imports map[string]string            // of the file at hand: a package's name to its folder
	here    string
}

// of are the constants that a file can name: its own package's, and those of the packages of this module that it
// imports.
func (c constants) of(folder string, file *ast.File) constants {
	of := constants{folders: c.folders, imports: map[string]string{}, here: folder}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || !strings.HasPrefix(path, module+"/") {
			continue
		}
		in := filepath.FromSlash(strings.TrimPrefix(path, module+"/"))
		name := filepath.Base(in)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		of.imports[name] = in
	}
	return of
}

const module = "github.com/tagwarden/tagwarden"

// beside is the neighbour of a constant in its declaration, as the file at hand would write it; "" where a name is
// none.
func (c constants) beside(of, name string) string {
	folder := c.here
	if of != "" {
		if folder = c.imports[of]; folder == "" {
			return ""
		}
	}
	known, done := c.folders[folder]
	if !done {
		known = readConstants(folder)
		c.folders[folder] = known
	}
	other := known[name]
	if other == "" || of == "" {
		return other
	}
	return of + "." + other
}

// readConstants reads the declarations of a folder. What cannot be read has no constants: the compiler says so better.
func readConstants(folder string) map[string]string {
	found := map[string]string{}
	files, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		for _, decl := range file.Decls {
			if block, ok := decl.(*ast.GenDecl); ok && block.Tok == token.CONST {
				neighbours(block, found)
			}
		}
	}
	return found
}

func neighbours(block *ast.GenDecl, found map[string]string) {
	var names []string
	for _, spec := range block.Specs {
		for _, name := range spec.(*ast.ValueSpec).Names {
			if name.Name != "_" {
				names = append(names, name.Name)
			}
		}
	}
	for i, name := range names {
		for step := 1; step < len(names); step++ {
			other := names[(i+step)%len(names)]
			if ast.IsExported(other) || !ast.IsExported(name) { // what another package names has a neighbour that it can name
				found[name] = other
				break
			}
		}
	}
}
