package rep

// RunRepc is what the tests in package rep_test use of those in this package.
var RunRepc = runRepc
