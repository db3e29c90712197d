//! How many bytes of a folder's files are mapped into this program's memory.

use std::path::Path;

/// From the list that Linux keeps; 0 elsewhere. SQLite's own map of its log's index (`-shm`) is left out.
pub(crate) fn bytes(folder: &Path) -> usize {
    // Elsewhere there is no such file.
    std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| sum(&maps, &folder.to_string_lossy()))
}

/// Adds up the ranges of lines such as `7f00-7f10 r--s 00000000 fe:00 1234   /folder/file`.
fn sum(maps: &str, folder: &str) -> usize {
    let of_folder = maps.lines().filter(|line| line.contains(folder) && !line.ends_with("-shm"));
    let sizes = of_folder.filter_map(|line| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        usize::from_str_radix(end, 16).ok()?.checked_sub(usize::from_str_radix(start, 16).ok()?)
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_folder_are_added_up() {
        let maps = "55d0-55e0 r-xp 00000000 fe:00 1  /usr/bin/x\n\
                    7f0000001000-7f0000003000 r--s 00000000 fe:00 2  /data/ours/m.index\n\
                    7f0000005000-7f0000006000 rw-s 00000000 fe:00 3  /data/ours/m.db-shm\n\
                    7f0000007000-7f0000007800 r--s 00000000 fe:00 4  /data/ours/m.words\n";
        assert_eq!(sum(maps, "/data/ours"), 0x2800);
        assert_eq!(sum(maps, "/data/other"), 0);
    }
}
