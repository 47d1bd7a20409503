"""What `import multiscale as ms` offers to scripts beyond studies: crystals, planes, laws, specimens."""
