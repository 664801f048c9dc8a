package rep

// What the tests in package rep_test use of those in this package.
var (
	FindRepc = findRepc
	RunRepc  = runRepc
)
