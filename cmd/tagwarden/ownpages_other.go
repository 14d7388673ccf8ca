//go:build !linux

package main

// letGoOfOwnPages is for systems that say which pages are whose.
func letGoOfOwnPages() {}
