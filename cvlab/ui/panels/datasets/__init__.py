"""The datasets panel: what a computer sees, in pages that share one chosen data set."""
