// Package lists reads lists of people who object, as mailing tools and customer databases write them: CSV and JSON
// lines, with a few names for each column. It is handed a reader. It promises that no fault that it tells holds a
// value.
package lists
